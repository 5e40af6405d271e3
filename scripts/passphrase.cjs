// node passphrase.cjs FILE: writes a new passphrase, for this user alone. Keeps one that is there.
const { randomBytes } = require("node:crypto");
const fs = require("node:fs");

const file = process.argv[2];
const draft = `${file}.${process.pid}`;
try {
  fs.writeFileSync(draft, `${randomBytes(32).toString("base64")}\n`, { mode: 0o600 });
  // An empty one is what a full disk leaves. Nothing is encrypted with it: the engine would ask.
  if (fs.existsSync(file) && fs.statSync(file).size === 0) fs.rmSync(file, { force: true });
  // Complete at once, and not over one that another command has just made: states may be encrypted with that.
  fs.linkSync(draft, file);
} catch (error) {
  if (error.code !== "EEXIST") {
    console.error(`setup: ${error.message}`);
    process.exitCode = 1;
  }
} finally {
  fs.rmSync(draft, { force: true });
}
