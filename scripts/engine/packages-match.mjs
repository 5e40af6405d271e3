// node packages-match.mjs FOLDER: exit 0 when FOLDER/node_modules holds exactly what FOLDER/package-lock.json names.
// npm writes its record of what it has installed at the end, so an interrupted installation does not match.
import { readFileSync } from "node:fs";

const folder = process.argv[2];
const read = (path) => JSON.parse(readFileSync(`${folder}/${path}`, "utf8")).packages;
try {
  const wanted = read("package-lock.json");
  const there = read("node_modules/.package-lock.json");
  const same = Object.entries(wanted)
    // Another platform's builds of a package are named in the lock file and rightly not installed.
    .filter(([path, entry]) => path !== "" && !(entry.optional && there[path] === undefined))
    .every(
      ([path, entry]) => there[path]?.version === entry.version && there[path]?.integrity === entry.integrity,
    );
  const surplus = Object.keys(there).some((path) => wanted[path] === undefined);
  process.exitCode = same && !surplus ? 0 : 1;
} catch {
  process.exitCode = 1;
}
