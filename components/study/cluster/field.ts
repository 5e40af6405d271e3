/** Runs commands in the places of a cluster, in bounded numbers, and keeps what they printed as evidence. */
import { type Evidence, lastLine } from "../evidence";
import type { ClusterApi, Container, Ran } from "./api";
import { beginCaptures, type Capturing } from "./capturing";
import { batch, longest, outcomes } from "./commands";
import type { Places } from "./places";

/** How many places work at the same time: each is a connection to the API. */
const AT_ONCE = 40;

/** What {@link ClusterApi.run} runs in a container: a command, its seconds, its streams. */
type Script = Parameters<ClusterApi["run"]> extends [unknown, ...infer Others] ? Others : never;

/** The places of a cluster. */
export class Field {
  /** Everything that was run, in the order in which it ended. */
  readonly evidence: Evidence[] = [];

  constructor(
    private readonly api: Pick<ClusterApi, "run">,
    private readonly places: Pick<Places, "ready" | "missing">,
  ) {}

  /** Why there is no such place; undefined if there is. */
  missing(name: string): string | undefined {
    return this.places.ready.has(name) ? undefined : (this.places.missing.get(name) ?? `there is no ${name}`);
  }

  /**
   * Runs commands in one place, all at the same time.
   * @param seconds in which each of them ends by itself.
   * @param probes the `id` of the probe that each command is.
   * @returns what became of each, in their order. One that did not run has no `exit`, and `output` says why.
   */
  async run(
    name: string,
    commands: readonly string[],
    seconds: number,
    probes: readonly string[] = [],
  ): Promise<Evidence[]> {
    const script = ["sh", "-c", batch(commands)];
    const ran = await this.runIn(name, script, longest(commands.length, seconds));
    return this.keep(name, commands, ran, probes);
  }

  /** Begins to capture in one place. @param commands of tcpdump, which run until they are told to end. */
  capture(name: string, commands: readonly string[]): Capturing<Evidence[]> {
    const { begun, end } = beginCaptures(commands, (...script) => this.runIn(name, ...script));
    return { begun, end: async () => this.keep(name, commands, await end()) };
  }

  private async runIn(name: string, ...script: Script): Promise<Ran> {
    const place = this.places.ready.get(name);
    return place ? this.api.run(place, ...script) : { code: undefined, output: this.missing(name) ?? "" };
  }

  /** Takes what a script of several commands printed apart, and keeps it. */
  private keep(
    name: string,
    commands: readonly string[],
    ran: Ran,
    probes: readonly string[] = [],
  ): Evidence[] {
    const found = outcomes(ran.output, commands.length);
    const all = commands.map((command, i): Evidence => {
      const outcome = found[i];
      const probe = probes[i];
      return {
        where: name,
        command,
        ...(probe && { probe }),
        ...(outcome ? { exit: outcome.code, output: outcome.output } : { output: whyNot(ran) }),
      };
    });
    this.evidence.push(...all);
    return all;
  }

  /** Runs one program in a container that is not the study's. */
  async ask(name: string, container: Container, command: string[], seconds: number): Promise<Evidence> {
    const { code, output } = await this.api.run(container, command, seconds);
    const ran = {
      where: name,
      command: command.join(" "),
      ...(code !== undefined && { exit: code }),
      output: output.trimEnd(),
    };
    this.evidence.push(ran);
    return ran;
  }

  /** Does something in many places, some of them at a time. */
  async each<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
    const results: Result[] = [];
    let next = 0;
    const worker = async () => {
      for (let i = next++; i < items.length; i = next++) results[i] = await work(items[i] as Item);
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
    return results;
  }
}

/** The end of what a batch printed says why it did not report a command. */
const whyNot = ({ code, output }: Ran): string =>
  lastLine(output) || (code === undefined ? "it did not answer" : `it ended with ${code}`);
