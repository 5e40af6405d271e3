/**
 * An engine that is killed: what a lab registers is built in a model of a cloud, step by step, and the kill leaves a state
 * that does not know the last step. The model refuses what the cloud refuses: an address in use, a rule that exists, a
 * network that something is in.
 */
import type { StateResource } from "../../components/infrastructure/leftovers";
import type { Recorded } from "./mocks";

/** A model of a cloud. Its errors are the cloud's own. */
export interface CloudModel {
  /** Creates a resource as its provider does. @param finished whether every request of the provider was sent. */
  create(type: string, props: Recorded["props"], finished: boolean): { id: string; outputs?: object };
  /** Deletes a resource as its provider does. What is gone already is no error. */
  remove(type: string, id: string, props: Recorded["props"]): void;
  /** Everything that exists. */
  readonly contents: readonly string[];
}

/** When the engine is killed: before the step's request, between its requests, or after them. */
export const MOMENTS = ["before", "between", "after"] as const;
export type Moment = (typeof MOMENTS)[number];

/** The id that a resource has in a recording: unlike the mocks' own, not the same for a network and its subnet. */
export const recordedId = (type: string, name: string): string => `<${type} ${name}>`;

/** The lab's config, but for its cloud. Every kind of resource is in it: direct paths across subnets, and a group apart. */
export const KILLED_LAB = {
  encapsulation: "IPIPCrossSubnet",
  podRoutes: true,
  faults: [{ fault: "ipip-blocked", nodes: ["w2"] }],
};

/** What comes of a kill: what the cloud has in the end, and what was deleted in between. */
export interface Aftermath {
  contents: readonly string[];
  deleted: string[];
}

type Known = StateResource & { id: string; props: Recorded["props"] };

export class KilledEngine {
  readonly state: Known[] = [];
  constructor(
    private readonly model: CloudModel,
    private readonly recorded: readonly Recorded[],
  ) {}

  /** The steps that build something in the cloud. */
  get steps(): Recorded[] {
    return this.recorded.filter(({ type }) => isOfCloud(type));
  }

  /** Builds what is missing. @param kill at which step of {@link steps}, and at which moment of it. */
  up(kill?: { step: number; moment: Moment }): void {
    const victim = kill && this.steps[kill.step];
    for (const one of this.recorded) {
      const { type, name } = one;
      const urn = `${type}::${name}`;
      if (this.state.some((known) => known.urn === urn)) continue;
      const isVictim = one === victim;
      if (isVictim && kill?.moment === "before") return;
      const props = this.actual(one.props);
      const made = isOfCloud(type)
        ? this.model.create(type, props, !(isVictim && kill?.moment === "between"))
        : { id: recordedId(type, name), outputs: outputsOf(type) };
      if (isVictim) return;
      this.state.push({ type, urn, id: made.id, outputs: { ...props, ...made.outputs }, props });
    }
  }

  /** Deletes what the state knows, the last first. */
  down(): void {
    for (let one = this.state.pop(); one; one = this.state.pop())
      if (isOfCloud(one.type)) this.model.remove(one.type, one.id, one.props);
  }

  /** Inputs with the ids that this cloud has given, in place of the recording's. */
  private actual(props: Recorded["props"]): Recorded["props"] {
    const ids = new Map(this.state.map(({ urn = "", id }) => [`<${urn.replace("::", " ")}>`, id]));
    return JSON.parse(JSON.stringify(props), (_, value) => ids.get(value) ?? value);
  }
}

const isOfCloud = (type: string): boolean => /^(aws|openstack):(?!.*[Pp]rovider)/.test(type);

const outputsOf = (type: string): object => (type.endsWith(":Beginning") ? { lab: "0123456789ab" } : {});
