/** The folder `scripts` of this package: what runs outside this process, on a node, in the twin, or on this machine. */
import * as fs from "node:fs";
import * as path from "node:path";

/** The package's folder. The code is one folder deeper in a package than in a checkout: `dist/components`. */
function packageFolder(): string {
  const above = path.resolve(__dirname, "..");
  return fs.existsSync(path.join(above, "package.json")) ? above : path.resolve(above, "..");
}

/** Absolute path of a file below `scripts`, such as `node/preamble.sh`. */
export const scriptPath = (name: string): string => path.join(packageFolder(), "scripts", name);
