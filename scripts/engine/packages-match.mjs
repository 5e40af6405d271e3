// node packages-match.mjs FOLDER: exits with 0 if FOLDER/node_modules has exactly the packages of FOLDER/package-lock.json.
// npm writes its record of the installed packages at the end, so an interrupted installation does not match.
import { readFileSync } from "node:fs";

const folder = process.argv[2];
const read = (path) => JSON.parse(readFileSync(`${folder}/${path}`, "utf8")).packages;
try {
  const wanted = read("package-lock.json");
  const there = read("node_modules/.package-lock.json");
  const same = Object.entries(wanted)
    // The lock file also lists builds of a package for other platforms, which npm does not install.
    .filter(([path, entry]) => path !== "" && !(entry.optional && there[path] === undefined))
    .every(
      ([path, entry]) => there[path]?.version === entry.version && there[path]?.integrity === entry.integrity,
    );
  const surplus = Object.keys(there).some((path) => wanted[path] === undefined);
  process.exitCode = same && !surplus ? 0 : 1;
} catch {
  process.exitCode = 1;
}
