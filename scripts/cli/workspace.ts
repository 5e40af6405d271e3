/**
 * A project of the same name whose config folder is the lab's own. Commands of the engine that write a stack's config
 * file, and cannot be told which, run here: they would write into `stacks/` otherwise.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { PROJECT } from "../../components/config";
import { askEngine, tellEngine } from "./engine";
import { Failure } from "./failure";
import { keepWhatEngineWrote, overlayFolder, writeEngineFile } from "./overlay";

/** Makes the folder of a stack's project, and returns it. */
export function projectFolder(stack: string): string {
  const folder = overlayFolder(stack);
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const project = { name: PROJECT, runtime: "nodejs" };
  fs.writeFileSync(path.join(folder, "Pulumi.yaml"), JSON.stringify(project), { mode: 0o600 });
  return folder;
}

/** Creates a stack. @throws {Failure} with the engine's message. */
export function createStack(stack: string, content: object): void {
  writeEngineFile(stack, content);
  const argv = ["stack", "init", stack, "--no-select"];
  const { status, stdout, stderr } = askEngine(argv, "", projectFolder(stack));
  if (/already exists/.test(stderr)) {
    throw new Failure(
      `Another run has just made the stack ${stack}: wait until it ends, and run the same command again.`,
      1,
    );
  }
  if (status !== 0)
    throw new Failure(`The engine cannot make the stack ${stack}: ${(stderr || stdout).trim()}`, 1);
  keepWhatEngineWrote(stack);
}

/** Replaces the state of a stack. @throws {Failure} with the engine's message. */
export function importState(stack: string, state: object): void {
  tellEngine(["stack", "import", "--stack", stack], JSON.stringify(state), projectFolder(stack));
}

/** The state of a stack, as the engine exports it; undefined when the backend does not know the stack. */
export function exportState(stack: string): { deployment?: object } | undefined {
  const { status, stdout, stderr } = askEngine(["stack", "export", "--stack", stack]);
  if (status === 0) return JSON.parse(stdout);
  if (/no stack named/.test(stderr)) return undefined;
  throw new Failure(`The state of stack ${stack} cannot be read from your backend:\n${stderr.trim()}`, 1);
}
