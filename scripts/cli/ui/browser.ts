/** Opens the page in the user's browser. */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

/** A file that leads to the page. */
export interface Opened {
  /** Removes the file. */
  forget(): void;
}

/**
 * Opens an address in the browser. The browser gets the name of a file that leads there, which only this user can read: every
 * user of this machine can read the arguments of all processes, and the address has the token.
 * @param onError is called with the reason if no browser can be started.
 */
export function openPage(address: string, onError: (reason: string) => void): Opened {
  // mkdtemp makes a folder that only this user can enter.
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-ui-"));
  const file = path.join(folder, "open.html");
  fs.writeFileSync(
    file,
    `<!doctype html><meta charset="utf-8"><title>encaplab</title><meta http-equiv="refresh" content="0; url=${address}">`,
    { mode: 0o600 },
  );
  const command = process.env.BROWSER || (process.platform === "darwin" ? "open" : "xdg-open");
  const child = spawn(command, [file], { stdio: "ignore", detached: true });
  child.once("error", ({ message }) => onError(message));
  child.once("exit", (code) => {
    if (code) onError(`${command} ended with exit code ${code}`);
  });
  child.unref();
  return { forget: () => fs.rmSync(folder, { recursive: true, force: true }) };
}
