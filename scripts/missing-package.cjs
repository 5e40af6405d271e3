// What to say when a package of node_modules is missing or incomplete: the set-up looks only at whether it ran to its end.
const path = require("node:path");

const ROOT = path.resolve(__dirname, "..");

/** The sentence for Node's error about a package, with the way out; undefined for any other error. */
exports.missingPackage = ({ code, message = "" }) => {
  if (code !== "MODULE_NOT_FOUND" && code !== "ERR_MODULE_NOT_FOUND") return undefined;
  const [, wanted = ""] = /Cannot find (?:module|package) '([^']*)'/.exec(message) ?? [];
  // Of our own files none is missing, or it is not the user's to repair.
  if (wanted === "" || (/^[./]/.test(wanted) && !wanted.includes("node_modules"))) return undefined;
  const name = wanted.replace(/^.*node_modules\//, "");
  return `The npm package ${name} is missing or incomplete: (cd ${ROOT} && npm ci) installs all of them again.`;
};
