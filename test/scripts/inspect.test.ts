// The code that is preloaded into the program so that Node shows its errors at once.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as path from "node:path";

/** An error like one from Pulumi: a frame of its stack is a file directly below a scope. */
const PROGRAM = `
  const util = require("node:util");
  const error = new Error("no such image");
  error.stack = "Error: no such image\\n    at initialize (/lab/node_modules/@pulumi/resource.ts:1598:22)";
  console.log(util.inspect(error, { colors: true }));
  console.log(util.inspect({ text: "a" }, { colors: true }));
  console.log(typeof util.inspect.custom);
`;

describe("scripts/inspect.cjs", () => {
  it("shows an error of Pulumi without filling the memory, and everything else as Node does", () => {
    const preload = path.resolve(__dirname, "../../scripts/inspect.cjs");
    // Without the preloaded code, Node needs gigabytes: with a small heap it ends at once.
    const node = ["--max-old-space-size=64", "--require", preload, "--eval", PROGRAM];
    const { status, stdout } = spawnSync(process.execPath, node, { encoding: "utf8" });
    assert.equal(status, 0);
    assert.match(stdout, /^Error: no such image\n {4}at initialize \(/);
    assert.match(stdout, /\{ text: \S*'a'\S* \}\nsymbol\n$/);
    assert.ok(stdout.includes("\u001b[32m'a'"), "colours where they do no harm");
  });

  it("is preloaded into the program", () => {
    const check = "process.exit(require.cache[require.resolve('./scripts/inspect.cjs')] ? 0 : 1)";
    const cwd = path.resolve(__dirname, "../..");
    const node = ["--require", "./scripts/typescript.cjs", "--eval", check];
    assert.equal(spawnSync(process.execPath, node, { cwd }).status, 0);
  });
});
