/** Public API of what works on node containers that run: calls scripts/containers/run. */
import { spawn } from "node:child_process";
import { scriptPath } from "../../../../scripts";

/**
 * Makes the rules at the nodes' ports forget every connection, so that what is sent next is judged from cold.
 * @param folder the lab folder.
 * @throws {Error} when the lab does not run, or this process is not root's.
 */
export const forgetConnections = async (folder: string): Promise<void> => {
  await runContainers(folder, "forget");
};

/**
 * Runs `run FOLDER …words` and returns its standard output. Its standard error is copied to this process's standard
 * error, which the engine shows.
 * @throws {Error} with the last lines of standard error when it fails.
 */
export async function runContainers(folder: string, ...words: string[]): Promise<string> {
  const child = spawn("bash", [scriptPath("containers/run"), folder, ...words], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-4000);
    process.stderr.write(chunk);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code === 0) return out;
  const last = said.trim().split("\n").slice(-10).join("\n");
  throw new Error(last || `scripts/containers/run ${words.join(" ")} ended with ${code}`);
}
