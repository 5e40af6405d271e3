/** Asks a cloud as the lab's program does: from a Pulumi program in a throw-away stack, which builds nothing. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Failure } from "./failure";

/**
 * Runs `ask` inside the engine, so that it can use a provider: the lab's own credentials, region and endpoints.
 * @throws whatever `ask` throws, or a {@link Failure} in the engine's words if `ask` is never run.
 */
export async function insideEngine<T>(ask: () => Promise<T>): Promise<T> {
  // It takes half a second to load, so load it only here.
  const { LocalWorkspace } =
    require("@pulumi/pulumi/automation") as typeof import("@pulumi/pulumi/automation");
  const folder = mkdtempSync(join(tmpdir(), "encaplab-ask-"));
  // The program runs in this process, so its result and its error need not go through the engine's outputs.
  const answer: { found?: { value: T }; thrown?: { error: unknown } } = {};
  const program = async () => {
    await ask().then(
      (value) => {
        answer.found = { value };
      },
      (error) => {
        answer.thrown = { error };
      },
    );
  };
  try {
    const stack = await LocalWorkspace.createStack(
      { stackName: "ask", projectName: "encaplab-ask", program },
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
    await stack.up();
  } catch (error) {
    if (!answer.thrown) throw new Failure(engineWords(error as Error), 1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (answer.thrown) throw answer.thrown.error;
  if (!answer.found) throw new Failure("The engine ended before the question was answered.", 1);
  return answer.found.value;
}

/** The engine's error messages, without its tables. */
function engineWords({ message }: Error): string {
  const lines = message.split("\n").map((line) => line.trim());
  const errors = [...new Set(lines.filter((line) => /^error: /.test(line)))];
  return errors.map((line) => line.slice("error: ".length)).join("\n") || message;
}
