/** The package, packed from a copy of the checkout and installed into a project of its own. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { REPOSITORY } from "./repository";

/** Packs the files that git knows, as `npm pack` in a clean checkout does. @returns the tarball, in the given folder. */
export function pack(folder: string): string {
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-pack-"));
  try {
    const git = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    for (const file of execFileSync("git", git, { cwd: REPOSITORY, encoding: "utf8" }).split("\0"))
      if (fs.existsSync(path.join(REPOSITORY, file)) && !/^(test\/|node_modules$|$)/.test(file))
        fs.cpSync(path.join(REPOSITORY, file), path.join(copy, file));
    fs.symlinkSync(path.join(REPOSITORY, "node_modules"), path.join(copy, "node_modules"));
    const name = npm(copy, "pack", "--silent", "--pack-destination", folder).trim();
    return path.join(folder, name.split("\n").at(-1) ?? "");
  } finally {
    fs.rmSync(copy, { recursive: true, force: true });
  }
}

/** The files in a tarball, by their path in the package. `mode` as `ls -l` shows it. */
export function contents(tarball: string): Map<string, string> {
  const lines = execFileSync("tar", ["tvzf", tarball], { encoding: "utf8" }).trim().split("\n");
  return new Map(lines.map((line) => [line.split(" package/")[1] ?? "", line.split(" ")[0] ?? ""]));
}

/** Installs a tarball into a project's folder. */
export function install(project: string, tarball: string): void {
  npm(project, "install", tarball, "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts");
}

const npm = (cwd: string, ...words: string[]): string =>
  execFileSync("npm", words, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
