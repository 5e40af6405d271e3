/** A stack under test: programs written in the test, run by the real engine with the stand-ins on its PATH. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { EngineEvent, OutputMap, PulumiFn, Stack } from "@pulumi/pulumi/automation";
import { engineFolder } from "./engine";
import { ENGINE_SETTINGS, EngineEnvironment } from "./engine-environment";
import { type Operation, operationsIn } from "./engine-events";
import { standIns } from "./standins";

const PROJECT = "standins";

/** The result of a run of the engine. */
export interface Outcome {
  failed: boolean;
  /** Everything that the engine printed. */
  output: string;
  /** The operations on resources, in order: `create`, `update`, `create-replacement`, … */
  ops: Operation[];
  // biome-ignore lint/suspicious/noExplicitAny: outputs of every kind
  outputs: Record<string, any>;
}

/** A stack of an engine environment whose folder is the project. */
export class TestStack extends EngineEnvironment {
  private stack!: Stack;

  /** Makes the stack. Its program is given to each {@link up} and {@link preview}. */
  static async create(name: string): Promise<TestStack> {
    // Loaded only here: it takes half a second, and other tests of the same run do not need it.
    const { LocalWorkspace, PulumiCommand } =
      require("@pulumi/pulumi/automation") as typeof import("@pulumi/pulumi/automation");
    const engine = engineFolder();
    const made = new TestStack(PROJECT, { path: [engine, ...(await standIns())] });
    made.makeBackend();
    made.stack = await LocalWorkspace.createStack(
      { stackName: name, projectName: PROJECT, program: async () => ({}) },
      {
        workDir: made.folder,
        pulumiCommand: await PulumiCommand.get({ root: dirname(engine), skipVersionCheck: true }),
        envVars: { ...(made.env as Record<string, string>), ...ENGINE_SETTINGS },
      },
    );
    return made;
  }

  /** Brings the stack to what the program declares. */
  up = (program: PulumiFn) => this.run((options) => this.stack.up({ ...options, program }));
  /** Shows what {@link up} would do. */
  preview = (program: PulumiFn) => this.run((options) => this.stack.preview({ ...options, program }));
  /** Reads the resources again. */
  refresh = () => this.run((options) => this.stack.refresh(options));
  /** Deletes the resources. */
  destroy = () => this.run((options) => this.stack.destroy(options));

  private async run(
    command: (options: {
      onOutput(text: string): void;
      onEvent(event: EngineEvent): void;
    }) => Promise<{ outputs?: OutputMap } | object>,
  ): Promise<Outcome> {
    const outcome: Outcome = { failed: false, output: "", ops: [], outputs: {} };
    try {
      const result: { outputs?: OutputMap } = await command({
        onOutput: (text) => {
          outcome.output += text;
        },
        onEvent: (event) => outcome.ops.push(...operationsIn([event])),
      });
      const outputs = Object.entries(result.outputs ?? {});
      outcome.outputs = Object.fromEntries(outputs.map(([key, { value }]) => [key, value]));
    } catch (error) {
      outcome.failed = true;
      outcome.output += (error as Error).message;
    }
    return outcome;
  }

  /** The state as stored, with encrypted secrets: the Automation API's export would decrypt them. */
  checkpoint(): string {
    return readFileSync(join(this.state, ".pulumi/stacks", PROJECT, `${this.stack.name}.json`), "utf8");
  }

  /** Removes the lock of an engine that was killed. */
  cancel = () => this.stack.cancel();

  /** Deletes the resources and removes the environment. @throws {Error} when a resource cannot be deleted. */
  async end(): Promise<void> {
    const { failed, output } = await this.destroy();
    this.remove();
    if (failed) throw new Error(output);
  }
}

/** The outcome of a run that must succeed. @throws {Error} with the engine's output when it fails. */
export async function succeeds(running: Promise<Outcome>): Promise<Outcome> {
  const outcome = await running;
  if (outcome.failed) throw new Error(outcome.output);
  return outcome;
}
