/** Runs commands in the places of a cluster, in bounded numbers, and keeps what they printed as evidence. */
import { type Evidence, lastLine } from "../evidence";
import { groupBy } from "../failure";
import type { ClusterApi, Container, Ran, Streams } from "./api";
import { beginCaptures } from "./capturing";
import { batch, longest, outcomes } from "./commands";
import type { Places } from "./places";

/** How many places work at the same time: each is a connection to the API. */
const AT_ONCE = 40;

/** A command, the name of the place in which it runs, and the `id` of the probe that it is. */
export interface Placed {
  where: string;
  command: string;
  probe?: string;
}

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

  /** Runs each command in its place, as {@link run} does. @returns what became of each, in their order. */
  async runEach(all: readonly Placed[], seconds: number): Promise<Evidence[]> {
    const places = groupBy(all, ({ where }) => where);
    const ran = await this.each(places, (own) => {
      const probes = own.map(({ probe = "" }) => probe);
      return this.run(own[0].where, commandsOf(own), seconds, probes);
    });
    return inOrder(all, places, ran);
  }

  /**
   * Captures while something is done.
   * @param all commands of tcpdump.
   * @returns what each printed, in their order.
   */
  async captureDuring(all: readonly Placed[], work: () => Promise<unknown>): Promise<Evidence[]> {
    const places = groupBy(all, ({ where }) => where);
    const running = places.map((own) => {
      const [{ where }] = own;
      const begin = beginCaptures(commandsOf(own), (...script) => this.runIn(where, ...script));
      return { ...begin, own, where };
    });
    await Promise.all(running.map(({ begun }) => begun));
    await work();
    const ran = running.map(async ({ end, own, where }) => this.keep(where, commandsOf(own), await end()));
    return inOrder(all, places, await Promise.all(ran));
  }

  private async runIn(name: string, command: string[], seconds: number, streams?: Streams): Promise<Ran> {
    const place = this.places.ready.get(name);
    return place
      ? this.api.run(place, command, seconds, streams)
      : { code: undefined, output: this.missing(name) ?? "" };
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

const commandsOf = (all: readonly Placed[]): string[] => all.map(({ command }) => command);

/** What came of the commands of each place, in the order of all of them. */
function inOrder(
  all: readonly Placed[],
  places: readonly (readonly Placed[])[],
  ran: readonly (readonly Evidence[])[],
): Evidence[] {
  const found = new Map(places.flatMap((own, p) => own.map((one, i) => [one, ran[p]?.[i]] as const)));
  return all.map((one) => found.get(one) as Evidence);
}
