// Runs a bundle. V8 keeps its compiled code beside it, for each version of V8: that is half of the time to load it.
const { isAscii } = require("node:buffer");
const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");

const HEAD = "(function(exports,require,module,__checkout){";

const fileOf = (folder) => path.join(folder, "code.js");
const compiledOf = (folder) => path.join(folder, `code.${process.versions.v8}-${process.arch}.compiled`);

function compile(folder, cachedData) {
  const bytes = fs.readFileSync(fileOf(folder));
  // esbuild writes ASCII, except in regular expressions (its option `charset`). Node reads latin1 three times as fast as
  // UTF-8, but would make other characters of these.
  const code = `${HEAD}${bytes.toString(isAscii(bytes) ? "latin1" : "utf8")}\n})`;
  return new vm.Script(code, {
    filename: fileOf(folder),
    columnOffset: -HEAD.length,
    cachedData,
    importModuleDynamically: vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
}

/** @returns the bundle's table, and the script for {@link keepCompiled}. */
function run(folder, requireOutside, checkout) {
  let compiled;
  try {
    compiled = fs.readFileSync(compiledOf(folder));
  } catch {} // made with another version of Node
  const script = compile(folder, compiled);
  const module = { exports: {} };
  script.runInThisContext()(module.exports, requireOutside, module, checkout);
  return { table: module.exports, script };
}

/** Keeps what V8 has compiled of a bundle so far. */
function keepCompiled(folder, script) {
  const work = `${compiledOf(folder)}.${process.pid}`;
  fs.writeFileSync(work, script.createCachedData());
  fs.renameSync(work, compiledOf(folder));
}

module.exports = { compiledOf, fileOf, keepCompiled, run };
