// Shows errors of the bundle with the files and lines of the sources.
const fs = require("node:fs");
const path = require("node:path");
const { ROOT } = require("./inputs.cjs");
const { fileOf } = require("./compile.cjs");

function install(folder, packages) {
  let mapped;
  const prepare = (error, frames) => {
    // Pulumi makes an error without a message for each resource, to find out who called. Mapping these would cost more
    // than the resource.
    if (!error.message) return [String(error), ...frames].join("\n    at ");
    mapped ??= mapper(folder, packages);
    Error.prepareStackTrace = prepare;
    return mapped(error, frames);
  };
  Error.prepareStackTrace = prepare;
}

function mapper(folder, packages) {
  packages.load("source-map-support").install({
    environment: "node",
    handleUncaughtExceptions: false,
    // Reading every package's source map takes seconds.
    overrideRetrieveSourceMap: true,
    retrieveSourceMap: (source) =>
      source === fileOf(folder)
        ? { url: path.join(ROOT, "code.js"), map: fs.readFileSync(`${source}.map`, "utf8") }
        : null,
  });
  return Error.prepareStackTrace;
}

module.exports = { install };
