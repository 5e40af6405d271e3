/** The trace: one packet and its answer, hop by hop, through the planned lab. */
import type { Drop } from "./drop";
import { type Endpoint, nameOf } from "./endpoint";
import { dropOf } from "./exchange";
import { explain, type Failure } from "./failure";
import type { Packet } from "./header";
import type { Hop, Keep } from "./hop";
import type { LabPlan } from "./lab";
import type { Sender } from "./packet";
import type { Pair, Source } from "./path";
import { type Probe, type ProbeName, probeOf } from "./probe";

/** One packet and its answer. */
export interface Trace {
  /** The names of both ends, e.g. `w1-1` and `service-a`. */
  from: string;
  to: string;
  probe: Probe;
  outcome: "works" | "fails";
  /**
   * In the order in which the packet comes to them: first those of the packet itself, then those of its answer. If it is
   * lost, the last one says where and why.
   */
  hops: Hop[];
  /** Set when it fails: the same as the last hop's `drop`. */
  failure?: Failure;
}

/**
 * Traces a packet and its answer. Pure, and the same model as the verdict: the two always agree.
 *
 * @example
 * ```ts
 * import { parseConfig, planLab, trace } from "encaplab";
 *
 * const plan = planLab(parseConfig({ encapsulation: "IPIP" }));
 * const [from, to] = plan.nodes.flatMap((node) => node.pods.slice(0, 1).map((pod) => ({ node, pod })));
 * if (from && to) {
 *   const { hops } = trace(plan, from.pod, { kind: "pod", ...to }, { protocol: "icmp", size: 84 });
 *   for (const { name, decision, out } of hops) console.log(name, decision, out?.length);
 * }
 * ```
 * @throws {Error} when the source is on a node that the plan does not have.
 */
export function trace(plan: LabPlan, from: Source, to: Endpoint, probe: Probe): Trace {
  const { keep, hops } = recorder();
  const drop = dropOf(plan, senderOf(plan, from), to, probe, keep);
  const failure = drop && explain(plan, { from, to }, drop);
  const last = hops.at(-1);
  if (last && failure) {
    delete last.out;
    last.drop = failure;
  }
  return {
    from: from.name,
    to: nameOf(to),
    probe,
    outcome: drop ? "fails" : "works",
    hops,
    ...(failure && { failure }),
  };
}

/** Traces one of the verdict's probes on a pair. */
export const traceOf = (plan: LabPlan, pair: Pair, probe: ProbeName): Trace =>
  trace(plan, pair.from, pair.to, probeOf(plan, pair, probe));

/**
 * What the verdict says about one pair, to compare an observation with it.
 * @returns where the packet is lost; undefined when it arrives and is answered.
 * @throws {Error} when the pair starts on a node that the plan does not have.
 */
export const predict = (plan: LabPlan, pair: Pair, probe: ProbeName): Drop | undefined =>
  dropOf(plan, senderOf(plan, pair.from), pair.to, probeOf(plan, pair, probe));

function senderOf(plan: LabPlan, from: Source): Sender {
  const node = plan.nodes.find(({ name }) => name === from.node);
  if (!node) throw new Error(`${from.name} is on node ${from.node}, which the plan does not have`);
  const instance = plan.tenant?.instances.find(({ name }) => name === from.name);
  if (instance) return { kind: "instance", instance, node };
  return from.name === node.name ? { kind: "node", node } : { kind: "pod", pod: from, node };
}

/** Turns the engine's notes into hops: what leaves one is what enters the next. */
function recorder(): { keep: Keep; hops: Hop[] } {
  const hops: Hop[] = [];
  let packet: Packet | undefined;
  const keep: Keep = (direction, { made, change, delivered, ...note }) => {
    const entered = made ? undefined : packet;
    packet = made ?? (packet && change ? change(packet) : packet);
    hops.push({
      direction,
      ...note,
      ...(entered && { in: entered }),
      ...(packet && !delivered && { out: packet }),
    });
  };
  return { keep, hops };
}
