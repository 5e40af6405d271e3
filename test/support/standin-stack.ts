/** A stack under test: programs written in the test, run by the real engine with the stand-ins on its PATH. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import type { EngineEvent, PulumiFn, Stack } from "@pulumi/pulumi/automation";
import { engineFolder } from "./lab";
import { standIns } from "./standins";

export interface Outcome {
  failed: boolean;
  /** Everything that the engine printed. */
  output: string;
  /** The operations on resources, by name, in order: `create`, `update`, `create-replacement`, … */
  ops: [name: string, op: string][];
  // biome-ignore lint/suspicious/noExplicitAny: outputs of every kind
  outputs: Record<string, any>;
}

export class TestStack {
  private constructor(
    readonly folder: string,
    private readonly stack: Stack,
  ) {}

  static async create(name: string, env: Record<string, string> = {}): Promise<TestStack> {
    // Loaded only here: it takes half a second, and other tests of the same run do not need it.
    const { LocalWorkspace, PulumiCommand } =
      require("@pulumi/pulumi/automation") as typeof import("@pulumi/pulumi/automation");
    const engine = engineFolder();
    const folder = mkdtempSync(join(tmpdir(), "encaplab-standins-"));
    const stack = await LocalWorkspace.createStack(
      { stackName: name, projectName: "standins", program: async () => ({}) },
      {
        workDir: folder,
        pulumiHome: join(folder, "home"),
        pulumiCommand: await PulumiCommand.get({ root: dirname(engine), skipVersionCheck: true }),
        envVars: {
          PATH: [engine, await standIns(), process.env.PATH].join(delimiter),
          PULUMI_BACKEND_URL: `file://${folder}`,
          PULUMI_CONFIG_PASSPHRASE: "",
          PULUMI_SKIP_UPDATE_CHECK: "true",
          ...env,
        },
      },
    );
    return new TestStack(folder, stack);
  }

  up = (program: PulumiFn) => this.run((options) => this.stack.up({ ...options, program }));
  preview = (program: PulumiFn) => this.run((options) => this.stack.preview({ ...options, program }));
  refresh = () => this.run((options) => this.stack.refresh(options));
  destroy = () => this.run((options) => this.stack.destroy(options));

  private async run(
    word: (options: { onOutput(text: string): void; onEvent(event: EngineEvent): void }) => Promise<unknown>,
  ): Promise<Outcome> {
    const outcome: Outcome = { failed: false, output: "", ops: [], outputs: {} };
    try {
      const result = await word({
        onOutput: (text) => {
          outcome.output += text;
        },
        onEvent: ({ resourcePreEvent: event }) => {
          const type = event?.metadata.type ?? "pulumi:";
          if (event && !type.startsWith("pulumi:"))
            outcome.ops.push([event.metadata.urn.split("::").at(-1) as string, event.metadata.op]);
        },
      });
      const outputs = (result as { outputs?: Record<string, { value: unknown }> }).outputs ?? {};
      outcome.outputs = Object.fromEntries(Object.entries(outputs).map(([key, { value }]) => [key, value]));
    } catch (error) {
      outcome.failed = true;
      outcome.output += (error as Error).message;
    }
    return outcome;
  }

  /** The state as stored, with encrypted secrets: the Automation API's export would decrypt them. */
  state(): string {
    return readFileSync(join(this.folder, ".pulumi/stacks/standins", `${this.stack.name}.json`), "utf8");
  }

  /** Removes the lock of an engine that was killed. */
  cancel = () => this.stack.cancel();

  clear(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
