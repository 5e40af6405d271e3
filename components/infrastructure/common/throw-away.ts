/** A stack that is gone when it has been used: to ask a cloud, or to delete in it, by the lab's own provider. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { PulumiFn, Stack } from "@pulumi/pulumi/automation";

/**
 * Uses a stack whose backend is a folder of its own, and removes both.
 * @param names of its project and of itself.
 * @param program what `up` runs, in this process.
 * @throws whatever `use` throws, or the engine's error if the stack cannot be made.
 */
export async function inThrowAwayStack<T>(
  { project, stack }: { project: string; stack: string },
  program: PulumiFn,
  use: (stack: Stack) => Promise<T>,
): Promise<T> {
  // It takes half a second to load, so load it only here.
  const { LocalWorkspace } =
    require("@pulumi/pulumi/automation") as typeof import("@pulumi/pulumi/automation");
  const folder = mkdtempSync(join(tmpdir(), `${project}-`));
  try {
    const made = await LocalWorkspace.createStack(
      { stackName: stack, projectName: project, program },
      {
        workDir: folder,
        envVars: {
          PULUMI_BACKEND_URL: pathToFileURL(folder).href,
          // For this run alone: the state has the provider's settings until the folder is removed.
          PULUMI_CONFIG_PASSPHRASE: randomUUID(),
          PULUMI_SKIP_UPDATE_CHECK: "true",
        },
      },
    );
    return await use(made);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
