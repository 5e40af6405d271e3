/** A question to a cloud, asked as the program asks: a program of its own in a throw-away stack, which builds nothing. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Failure } from "./failure";

/**
 * Runs `ask` inside the engine, so that it can use a provider: the lab's own credentials, region and endpoints.
 * @throws whatever `ask` throws, or a {@link Failure} in the engine's words when it does not come so far.
 */
export async function insideEngine<T>(ask: () => Promise<T>): Promise<T> {
  // Half a second to load: only who asks pays for it.
  const { LocalWorkspace } =
    require("@pulumi/pulumi/automation") as typeof import("@pulumi/pulumi/automation");
  const folder = mkdtempSync(join(tmpdir(), "encaplab-ask-"));
  // It runs in this very process: what it finds and what it throws need not go through the engine's outputs.
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
          PULUMI_CONFIG_PASSPHRASE: "",
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

/** What the engine said was wrong, without its tables. */
function engineWords({ message }: Error): string {
  const lines = message.split("\n").map((line) => line.trim());
  const errors = [...new Set(lines.filter((line) => /^error: /.test(line)))];
  return errors.map((line) => line.slice("error: ".length)).join("\n") || message;
}
