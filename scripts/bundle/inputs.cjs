// What the bundles are made of, and their names: hashes of that. An edit or a `git pull` changes the name, so an old bundle
// is never used. Reads every source at each start, which takes ten milliseconds; times of files would be quicker, but a
// checkout restored from an archive can have any.
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const ROOT = path.resolve(__dirname, "../..");

/** Code outside of these is never part of a running lab: it keeps running through tsx. */
const FOLDERS = ["components", "scripts/cli"];

const bundling = fs.readdirSync(__dirname).map((name) => `scripts/bundle/${name}`);
// npm writes the second file when it has installed what the first one asks for: between the two, packages are old.
const PACKAGES = ["package-lock.json", "node_modules/.package-lock.json", ...bundling];

/** The TypeScript files of a folder and below, as paths from the checkout, sorted. */
function sources(folder) {
  // `recursive: true` takes five times as long.
  return fs
    .readdirSync(path.join(ROOT, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const name = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return sources(name);
      return name.endsWith(".ts") ? [name] : [];
    })
    .sort();
}

function hashOf(files, salt = "") {
  const hash = createHash("sha256").update(salt);
  for (const file of files) {
    const content = fs.readFileSync(path.join(ROOT, file));
    hash.update(`${file} ${content.length}\n`).update(content);
  }
  return hash.digest("hex").slice(0, 16);
}

/** The folder of all bundles: in the user's cache, as in scripts/containers/cache.sh. */
const HOME = path.join(
  process.env.XDG_CACHE_HOME || path.join(process.env.HOME || os.homedir(), ".cache"),
  "encaplab/bundle",
);

/**
 * The folders of the two bundles: `packages`, of npm, and `program`, of this checkout's own code.
 * @throws {Error} when a file cannot be read.
 */
function bundleFolders() {
  const packages = hashOf(PACKAGES);
  const program = hashOf(["index.ts", ...FOLDERS.flatMap(sources)], packages);
  return {
    packages: path.join(HOME, `packages-${packages}`),
    program: path.join(HOME, `program-${program}`),
  };
}

module.exports = { FOLDERS, HOME, ROOT, bundleFolders, sources };
