/** Sends the probes of a sample from the pods and nodes of a cluster, in both directions from cold. */
import {
  addressOf,
  expectations,
  fabricFacts,
  type LabPlan,
  type Pair,
  type ProbeName,
  predict,
  probeOf,
  probesOf,
} from "../../plan";
import type { ProbeResult } from "../measured";
import { idOf, roundOf } from "../order";
import { commandOf, resultOf } from "./commands";
import type { Field } from "./field";
import { OTHER_LISTENER, otherPorts } from "./listener";

/** Seconds in which a probe must be answered, and in the second attempt. One that should fail must fail throughout. */
const WINDOW = 3;
const LONGER = 6;

/** A host in the internet that answers pings, and TCP on port 443, if the config names no other. */
export const INTERNET = "1.1.1.1";

interface Sent {
  id: string;
  pair: Pair;
  probe: ProbeName;
  where: string;
  expect: boolean;
}

/** What the probes are made from. */
export interface ProbesOf {
  plan: LabPlan;
  /** The plan with the cluster's addresses. */
  real: LabPlan;
  pairs: readonly Pair[];
  /** The host in the internet. */
  internet: string;
  /** Makes the groups forget every connection, where they can be told to. */
  forget?: (() => Promise<void>) | undefined;
  /** What {@link nodesToInternet} finds. */
  reaching: Promise<ReadonlySet<string>>;
}

/** Probes all pairs. What differs from the verdict is measured twice, the second time in a longer window. */
export async function probeAll(field: Field, args: ProbesOf): Promise<Record<string, ProbeResult>> {
  const { plan, pairs, internet, reaching } = args;
  const results = new Map<string, ProbeResult>();
  const works = expectations(plan);
  const indices = new Map(plan.nodes.map(({ name, index }) => [name, index]));
  const rounds: Sent[][] = [[], []];
  const outside: Sent[] = [];
  for (const pair of pairs) {
    const round = pair.to.kind === "internet" ? outside : rounds[roundOf(indices, pair)];
    for (const probe of probesOf(pair))
      round?.push({
        id: idOf(pair, probe),
        pair,
        probe,
        where: pair.from.name,
        expect: works(pair, probe),
      });
  }
  const [first = [], second = []] = rounds;
  await forget(field, args);
  await send(field, args, first, WINDOW, results);
  const reached = await reaching;
  for (const one of outside) {
    if (reached.has(one.id)) second.push(one);
    else results.set(one.id, unmeasured(`${one.pair.from.node} itself does not reach ${internet}`));
  }
  await forget(field, args);
  await send(field, args, second, WINDOW, results);
  for (const round of rounds) {
    const again = round.filter(({ id, expect }) => isSurprise(results.get(id), expect));
    if (again.length === 0) continue;
    await forget(field, args);
    await send(field, args, again, LONGER, results);
  }
  for (const { id, pair, probe, expect } of rounds.flat()) {
    const seen = results.get(id);
    if (seen?.works && !expect && isPerhapsWarm(args, pair, probe)) results.set(id, WARM);
  }
  return Object.fromEntries(results);
}

const isSurprise = (seen: ProbeResult | undefined, expect: boolean): boolean =>
  !seen || (!seen.unmeasured && seen.works !== expect);

async function send(
  field: Field,
  { real, internet }: ProbesOf,
  probes: readonly Sent[],
  window: number,
  results: Map<string, ProbeResult>,
): Promise<void> {
  const realPairs = inReality(real);
  const commands = probes.map(({ id, where, pair, probe }) => {
    const { protocol, size, port } = probeOf(real, realPairs(pair), probe);
    const { to } = realPairs(pair);
    const destination = to.kind === "internet" ? internet : addressOf(to);
    return { where, command: commandOf({ probe: protocol, destination, size, port }, window), probe: id };
  });
  const ran = await field.runEach(commands, window + 1);
  probes.forEach(({ id, pair }, i) => {
    const reason = missingEnd(field, pair);
    results.set(id, reason ? unmeasured(reason) : resultOf(ran[i] ?? { output: "it did not answer" }));
  });
}

const unmeasured = (why: string): ProbeResult => ({
  works: false,
  detail: `not measured: ${why}`,
  unmeasured: true,
});

/** Why the other end of a pair is not there: no packet can then say anything about the path. */
export const missingEnd = (field: Pick<Field, "missing">, { to }: Pick<Pair, "to">): string | undefined =>
  "pod" in to ? field.missing(to.pod.name) : undefined;

/** The pair of the same names with the addresses of the cluster. */
export function inReality(real: LabPlan): (pair: Pair) => Pair {
  const nodes = new Map(real.nodes.map((node) => [node.name, node]));
  const services = new Map(real.services.map((service) => [service.name, service]));
  const addresses = new Map(
    real.nodes.flatMap(({ pods }) => pods.map(({ name, address }) => [name, address])),
  );
  return (planned) => {
    const { from, to } = planned;
    const pair = { ...planned, from: { ...from, address: addresses.get(from.name) ?? from.address } };
    if (to.kind === "internet" || to.kind === "instance") return pair;
    const node = nodes.get(to.node.name) ?? to.node;
    if (to.kind === "node") return { ...pair, to: { ...to, node } };
    const pod = node.pods.find(({ name }) => name === to.pod.name) ?? to.pod;
    if (to.kind === "pod") return { ...pair, to: { ...to, node, pod } };
    const service = services.get(to.service.name) ?? to.service;
    return { ...pair, to: { ...to, node, pod, service } };
  };
}

/**
 * Clears what the nodes' own connection tracking knows of tunnels and of the study's pods: an entry from the opposite
 * direction would let a packet pass that a firewall refuses. Other connections are left alone. Starts what listens on nodes
 * during the round.
 */
export async function forget(
  field: Pick<Field, "run" | "each">,
  { plan, real, forget: forgetGroups }: Pick<ProbesOf, "plan" | "real" | "forget">,
): Promise<void> {
  const pods = real.nodes.flatMap((node) => node.pods.slice(0, 1).map(({ address }) => address));
  // Each address is a process. In a large lab, the tunnels are enough: a node's firewall sees nothing else.
  const own = plan.nodes.length > 16 ? [] : pods;
  const commands = [
    "conntrack -D -p 4",
    "conntrack -D -p udp --dport 4789",
    ...own.flatMap((address) => [`conntrack -D -s ${address}`, `conntrack -D -d ${address}`]),
  ];
  const ports = otherPorts(plan);
  await field.each(plan.nodes, ({ name }) => field.run(name, [...commands, ...ports.map(OTHER_LISTENER)], 2));
  await forgetGroups?.();
}

/** For a pair whose packets a stateful group may have let through as an answer to packets of the other direction. */
export const WARM: ProbeResult = {
  works: false,
  detail:
    "not measured from cold: it was answered, but the security group is stateful and also passes what looks like an answer to earlier packets (calico#1996)",
  unmeasured: true,
};

/**
 * A cloud's group remembers for up to ten minutes what a node has sent, and cannot be told to forget. So a packet that
 * passes although the group has no rule for it says nothing, if the other node may have sent before.
 */
function isPerhapsWarm(
  { plan, forget: forgetGroups }: Pick<ProbesOf, "plan" | "forget">,
  pair: Pair,
  probe: ProbeName,
): boolean {
  if (!fabricFacts(plan).securityGroup || forgetGroups) return false;
  const cause = predict(plan, pair, probe)?.cause;
  return cause === "security-group" || cause === "protocol";
}

/**
 * Which probes to the internet are answered when the nodes themselves send them, by `idOf` of the pod's probe. A pod cannot
 * reach an internet that its own node cannot reach, which says nothing about the pod network.
 */
export async function nodesToInternet(
  field: Field,
  { plan, real, pairs, internet }: Omit<ProbesOf, "reaching" | "forget">,
): Promise<ReadonlySet<string>> {
  const reached = new Set<string>();
  const outside = pairs.filter(({ to }) => to.kind === "internet");
  await field.each(outside, async (pair) => {
    const probes = probesOf(pair);
    const commands = probes.map((probe) => {
      const { protocol, size, port } = probeOf(real, pair, probe);
      const order = { probe: protocol, destination: internet, size: Math.min(size, plan.mtu.link), port };
      return commandOf(order, WINDOW);
    });
    const ran = await field.run(pair.from.node, commands, WINDOW + 1);
    probes.forEach((probe, i) => {
      if (ran[i]?.exit === 0) reached.add(idOf(pair, probe));
    });
  });
  return reached;
}
