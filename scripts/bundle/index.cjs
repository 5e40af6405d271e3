// The program, the dynamic providers and the command line as plain JavaScript in two files: `packages`, of npm, and `program`,
// of this checkout's code. Loading them takes a sixth of the time of hundreds of files through tsx. Makes them if they are
// missing. tsx does the same work where that is not possible (no esbuild, a cache that cannot be written to), or with
// ENCAPLAB_TSX=1, for a debugger.
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const { bundleFolders, HOME, ROOT } = require("./inputs.cjs");
const { compiledOf, fileOf, run } = require("./compile.cjs");

const outside = Module.createRequire(path.join(ROOT, "index.ts"));

/** A bundle: its script, for the one who made it, and what it has, by name. */
class Bundle {
  constructor(folder, requireOutside) {
    this.folder = folder;
    this.requireOutside = requireOutside;
  }
  #running;
  get running() {
    this.#running ??= run(this.folder, this.requireOutside, ROOT);
    return this.#running;
  }
  has(name) {
    return Object.hasOwn(this.running.table, name);
  }
  load(name) {
    return this.running.table[name]();
  }
}

/** Both bundles, the same for all who ask; undefined where they cannot be made. */
const loadBundles = once(() => {
  const folders = process.env.ENCAPLAB_TSX === "1" ? undefined : bundlesAtHand();
  return folders && openBundles(folders);
});

function openBundles(folders) {
  const packages = new Bundle(folders.packages, outside);
  const offerPulumi = once(() => offer(packages));
  const program = new Bundle(folders.program, (name) => {
    if (name.startsWith("@pulumi/")) {
      offerPulumi();
      return outside(name);
    }
    return packages.has(name) ? packages.load(name) : outside(name);
  });
  require("./stack-traces.cjs").install(program.folder, packages);
  return { packages, program, offerPulumi };
}

function bundlesAtHand() {
  if (!fs.existsSync(path.join(ROOT, "node_modules/esbuild"))) return undefined;
  try {
    const folders = bundleFolders();
    if (Object.values(folders).every(isComplete) || make()) {
      // For `scripts/lab cache prune`, as mark_used in scripts/cache/entries.sh does.
      for (const folder of Object.values(folders)) touch(`${folder}.lock`);
      return folders;
    }
  } catch (error) {
    note(`bundle: not used: ${error.message}`);
  }
  return undefined;
}

const isComplete = (folder) => fs.existsSync(fileOf(folder)) && fs.existsSync(compiledOf(folder));

/** Makes what is missing. @returns whether both bundles can be used. */
function make() {
  fs.mkdirSync(HOME, { recursive: true });
  fs.accessSync(HOME, fs.constants.W_OK);
  const { status, stderr } = spawnSync(process.execPath, [path.join(__dirname, "build.cjs")], {
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
  });
  if (status !== 0) note(`bundle: cannot be made: ${stderr.trim()}`);
  return status === 0;
}

function note(line) {
  if (process.env.ENCAPLAB_VERBOSE === "1") console.error(line);
}

function touch(file) {
  const now = new Date();
  try {
    fs.utimesSync(file, now, now);
  } catch {
    try {
      fs.closeSync(fs.openSync(file, "a"));
    } catch {} // another user's cache
  }
}

function once(work) {
  let done;
  return () => {
    done ??= { result: work() };
    return done.result;
  };
}

/** Answers `require` of a file by what `get` returns. */
function answer(file, get) {
  const module = new Module(file);
  module.filename = file;
  module.loaded = true;
  Object.defineProperty(module, "exports", { get, configurable: true, enumerable: true });
  require.cache[file] = module;
}

/**
 * Makes the SDKs of clouds, which are not in the bundle, find the Pulumi that is. Two copies in a process would not know
 * each other's resources. If Pulumi is already loaded, as in a provider process of Pulumi's own, the bundle uses that.
 */
function offer(packages) {
  if (require.cache[outside.resolve("@pulumi/pulumi")]) return;
  const names = Object.keys(packages.running.table).filter((name) => name.startsWith("@pulumi/pulumi"));
  for (const name of names) answer(outside.resolve(name), () => packages.load(name));
}

/** Makes `require` of the program's files, by paths in the checkout, load the bundle. tsx takes over for all others. */
function offerProgram({ program }) {
  for (const name of Object.keys(program.running.table)) {
    answer(path.join(ROOT, name), () => program.load(name));
  }
  const tsx = outside.resolve("tsx/cjs");
  // States of earlier versions load it first.
  answer(tsx, () => ({}));
  // Also lets Node find `./components/providers`, which names no extension.
  Module._extensions[".ts"] = (module, file) => {
    delete require.cache[tsx];
    delete Module._extensions[".ts"];
    outside("tsx/cjs");
    Module._extensions[".ts"](module, file);
  };
}

module.exports = { answer, loadBundles, offerProgram, openBundles, outside };
