/** The state of the stack whose program runs, as the engine has recorded it. */
import { execFile } from "node:child_process";
import * as pulumi from "@pulumi/pulumi";
import type { StateResource } from "../leftovers";

/** Larger than any state: one of a lab has about a megabyte. */
const MAX_BYTES = 256 * 1024 * 1024;

/** The resources of the stack's own state. If it cannot be read, a warning says so, and it is taken for empty. */
export const ownState = async (): Promise<StateResource[]> =>
  (await readOwnState().catch(async ({ message }: Error) => {
    await pulumi.log.warn(
      `the stack's own state cannot be read, so nothing that a killed run has left is found: ${message}`,
    );
    return undefined;
  })) ?? [];

/**
 * The resources of the stack's own state. A program cannot ask its engine for them, so it asks the backend.
 * @returns undefined when no engine runs the program, as in a unit test.
 * @throws {Error} when the backend cannot be asked.
 */
export async function readOwnState(): Promise<StateResource[] | undefined> {
  if (!pulumi.runtime.hasEngine()) return undefined;
  const stack = [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()].join("/");
  const text = await new Promise<string>((done, fail) => {
    execFile(
      "pulumi",
      ["stack", "export", "--stack", stack, "--non-interactive"],
      { maxBuffer: MAX_BYTES, env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" } },
      (error, stdout, stderr) => (error ? fail(new Error(stderr.trim() || error.message)) : done(stdout)),
    );
  });
  const { deployment } = JSON.parse(text) as { deployment?: { resources?: StateResource[] } };
  return deployment?.resources ?? [];
}
