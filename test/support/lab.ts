/** A lab under test: one stack, in an engine environment of its own, with the real engine. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import { stringify } from "yaml";
import { restoreStateIn } from "../../scripts/cli/state-file";
import { engineFolder } from "./engine";
import { ENGINE_SETTINGS, EngineEnvironment, type EnvironmentOptions } from "./engine-environment";
import { eventsIn, operationsIn, outputsIn, summaryIn } from "./engine-events";
import type { RawConfig } from "./problems";
import type { Running, Victim } from "./running";

/** The result of a run of the engine. */
export interface Run {
  status: number | null;
  /** Standard output and standard error, in the order in which they came. */
  output: string;
  /** What an update did to each resource, by its name: `same`, `create`, `update`, `delete`, … */
  ops: Record<string, string>;
  /** How many resources an update changed in which way, as in the engine's own summary. */
  changes: Record<string, number>;
  /** The stack's outputs after an update, with secrets masked. */
  outputs: Record<string, unknown>;
}

/** An update that runs: `up` or `destroy`. */
export interface Update {
  running: Running;
  /** The engine's events so far. */
  events(): EngineEvent[];
}

/** The resources that an update did not leave the `same`, as `name: op`, in order of their names. */
export const touched = ({ ops }: Run): string[] =>
  Object.entries(ops)
    .filter(([, op]) => op !== "same")
    .map(([name, op]) => `${name}: ${op}`)
    .sort();

/** Asserts that real packets did what the verdict says, and that all routes have converged. */
export function assertObserved({ observation }: Run["outputs"]): void {
  const { agrees, notConverged } = observation as { agrees?: boolean; notConverged?: string[] };
  assert.ok(agrees, JSON.stringify(observation));
  assert.deepEqual(notConverged, []);
}

/** A stack of its own, in a project of its own. */
export class Lab extends EngineEnvironment {
  private runs = 0;

  /** @param options `path` may begin with another engine than the usual one, which comes last. */
  constructor(
    readonly stack: string,
    options: EnvironmentOptions = {},
  ) {
    super(`lab-${stack}`, { ...options, path: [...(options.path ?? []), engineFolder()] });
    this.copyCheckout();
    this.makeBackend();
    Object.assign(this.env, ENGINE_SETTINGS);
  }

  /** Makes the stack, which has no resources yet. */
  async init(): Promise<void> {
    const { status, output } = await this.pulumi("stack", "init", this.stack, "--no-select");
    if (status !== 0) throw new Error(`the stack could not be made: ${output}`);
  }

  /** Writes the stack's file. */
  configure(raw: RawConfig): void {
    const config = Object.fromEntries(Object.entries(raw).map(([key, value]) => [`encaplab:${key}`, value]));
    const file = join(this.folder, "stacks", `Pulumi.${this.stack}.yaml`);
    writeFileSync(file, stringify({ config }));
    this.own(file); // the engine writes to it too
  }

  private start(argv: readonly string[]): Running {
    return this.spawn(["pulumi", ...argv, "--non-interactive"], true);
  }

  /** Starts an update in a process group of its own. */
  begin(command: "up" | "destroy"): Update {
    const log = join(this.root, `events-${++this.runs}`);
    const flags = ["-s", this.stack, "--yes", "--skip-preview", "--event-log", log];
    return { running: this.start([command, ...flags]), events: () => eventsIn(log) };
  }

  private async update(command: "up" | "destroy"): Promise<Run> {
    const update = this.begin(command);
    const { status } = await update.running.ended;
    const events = update.events();
    return {
      status,
      output: update.running.output,
      ops: Object.fromEntries(operationsIn(events)),
      changes: summaryIn(events),
      outputs: outputsIn(events),
    };
  }

  /** Runs any other command of the engine. */
  async pulumi(...argv: string[]): Promise<Pick<Run, "status" | "output">> {
    const named = argv[0] === "stack" && argv[1] === "init" ? argv : [...argv, "-s", this.stack];
    const running = this.start(named);
    const { status } = await running.ended;
    return { status, output: running.output };
  }

  /** Brings the lab up. @throws {Error} with the engine's output when it fails. */
  async up(): Promise<Run> {
    return succeeded(await this.update("up"));
  }

  /** Takes the lab down. @throws {Error} with the engine's output when it fails. */
  async destroy(): Promise<Run> {
    return succeeded(await this.update("destroy"));
  }

  /** An `up` that must fail. @returns what the engine printed. @throws {Error} when it succeeds. */
  async refused(): Promise<string> {
    return (await this.failed()).output;
  }

  /** As {@link refused}, for an `up` that changes something before it fails. @returns what it did. */
  async failed(): Promise<Run> {
    const run = await this.update("up");
    if (run.status === 0) throw new Error(`pulumi up must fail, but it succeeded:\n${run.output}`);
    return run;
  }

  /**
   * Starts an update and kills it, then restores a state that it has half written, and removes the lock that it leaves, as
   * the launcher does.
   * @param moment returns at the moment of the kill. An update that ends earlier is not killed.
   */
  async killed(
    command: "up" | "destroy",
    victim: Victim,
    moment: (update: Update) => Promise<unknown>,
  ): Promise<void> {
    const update = this.begin(command);
    try {
      await Promise.race([update.running.exited, moment(update)]);
    } finally {
      update.running.kill(victim);
      await update.running.exited;
      restoreStateIn(this.state, this.stack);
      await this.cancel();
    }
  }

  /** Removes the lock that a killed engine has left. */
  async cancel(): Promise<void> {
    await this.pulumi("cancel", "--yes"); // fails if there is no lock, which is fine
  }

  /** Path of the stack's state on disk. */
  get checkpoint(): string {
    return join(this.state, ".pulumi/stacks/encaplab", `${this.stack}.json`);
  }

  /** Folder of the twin's sandbox; undefined if there is none. */
  get labFolder(): string | undefined {
    return this.folderOf("twins");
  }

  /** The lab's folder of a kind below the state home; undefined if there is none. */
  protected folderOf(kind: "twins" | "containers"): string | undefined {
    const folder = join(this.stateHome, "encaplab", kind);
    const [name] = existsSync(folder) ? readdirSync(folder) : [];
    return name && join(folder, name);
  }

  /** Takes down what is left of the lab, whatever has failed before, and removes its environment. */
  async end(): Promise<void> {
    await this.update("destroy");
    this.remove();
  }
}

function succeeded(run: Run): Run {
  if (run.status !== 0) throw new Error(`pulumi ended with exit code ${run.status}:\n${run.output}`);
  return run;
}
