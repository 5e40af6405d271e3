/** The observation: what the twin's packets really did, for every ordered pair, next to what the verdict said. */
import {
  addressOf,
  bgpEstablished,
  examplesOf,
  fabricFacts,
  judge,
  type LabPlan,
  nameOf,
  type Pair,
  type PathVerdict,
  PROBES,
  type ProbeName,
  pairsOf,
  predict,
  probeOf,
  routesOf,
  rowKey,
} from "../plan";

/** What `scripts/twin/observe` is asked to measure. Names of namespaces are those of nodes and pods. */
export interface Order {
  /** Factor on every time limit: 1 on this machine's kernel, more on an emulated processor. */
  patience: number;
  /**
   * What each node must have before the probes are sent. `bgp`: BIRD runs on it. `sessions`: how many BGP sessions it must
   * have; 0 with `bgp` means that none can be established.
   */
  nodes: {
    name: string;
    bgp: boolean;
    sessions: number;
    routes: { block: string; via: string; device: string }[];
  }[];
  /** TCP ports that echo a line during a round. */
  listeners: { namespace: string; port: number }[];
  /** Probes that are sent at the same time, round after round. */
  rounds: ProbeOrder[][];
  /** For one pair of each path: what to capture, and where. */
  captures: CaptureOrder[];
}
interface ProbeOrder {
  id: string;
  namespace: string;
  destination: string;
  probe: "icmp" | "tcp";
  /** Length of the IP packet in bytes. */
  size: number;
  /** The destination's TCP port. */
  port?: number;
  /**
   * Whether the verdict says that it works. A probe that should fail is not waited for as long. Whatever is expected, what
   * comes back is what counts, and a surprise is measured twice.
   */
  expect: boolean;
}
interface CaptureOrder {
  id: string;
  namespace: string;
  destination: string;
  node: string;
  /** The node's device from which the packet is taken. */
  interface: string;
}

/** What `scripts/twin/observe` answers. */
export interface Measured {
  /** What was missing before the probes were sent, when the time limit was over, at most 20 sentences. */
  notConverged: string[];
  /** By the probe's `id`. `detail` says what happened instead, e.g. `no answer`; empty if the probe works. */
  results: Record<string, { works: boolean; detail: string }>;
  /** The state of each BGP session as BIRD names it, by node and by the peer's address. */
  sessions: Record<string, Record<string, string>>;
  /** By the capture's `id`: the answer of `ip route get`, and the packet as tcpdump shows it. Empty if there is none. */
  captures: Record<string, { route: string; packet: string }>;
}

/** One row of the table: a path, a probe, what was predicted and what was seen. */
export interface ObservedRow extends PathVerdict {
  /** `mixed`: some pairs worked and others did not. The verdict never says so. */
  observed: "works" | "fails" | "mixed";
  /** How many pairs worked, out of `pairs`. */
  working: number;
  pairs: number;
  /** Whether all pairs did what the verdict said. */
  agrees: boolean;
  /** The result of the first pair that failed, e.g. `no answer`. Empty if no pair failed. */
  detail: string;
}

/** What every pair of a twin did, next to what the verdict said. `lab observe --json` prints it. */
export interface Observation {
  /** What was observed: says that the twin is a model. */
  of: string;
  /** When the measuring ended, as an ISO 8601 time in UTC. Absent in states of version 0.1. */
  at?: string;
  /** Whether every pair, and every BGP session, did what the verdict said. */
  agrees: boolean;
  rows: ObservedRow[];
  /** Pairs whose outcome differs from the verdict, at most 20 of them. */
  disagreements: string[];
  /** Routes that did not converge within the time limit. */
  notConverged: string[];
  /**
   * For one pair of each path: the answer of `ip route get`, and the packet as tcpdump shows it, on two lines if it is in
   * a VXLAN tunnel. Empty if there was none.
   */
  wire: { path: string; example: string; route: string; packet: string }[];
  /** BGP sessions that are not established, by node. */
  sessionsDown: Record<string, string[]>;
}

const idOf = (pair: Pair, probe: ProbeName): string => `${pair.from.name}>${nameOf(pair.to)}:${probe}`;

/**
 * Asks for every pair, in two rounds: in a round, no two nodes have pods that probe each other. Pure.
 * @param patience factor on every time limit.
 */
export function orderOf(plan: LabPlan, patience: number): Order {
  const rounds: ProbeOrder[][] = [[], []];
  const listeners = new Map<string, { namespace: string; port: number }>();
  for (const pair of pairsOf(plan)) {
    const round = rounds[roundOf(plan, pair)];
    for (const probe of PROBES) {
      const { protocol, port, size } = probeOf(plan, pair, probe);
      const order = {
        id: idOf(pair, probe),
        namespace: pair.from.name,
        destination: addressOf(pair.to),
        size,
      };
      const expect = !predict(plan, pair, probe);
      round?.push({ ...order, probe: protocol, ...(port && { port }), expect });
      if (port) listeners.set(`${nameOf(pair.to)}:${port}`, { namespace: nameOf(pair.to), port });
    }
  }
  const nodes = plan.nodes.map((node) => ({
    name: node.name,
    bgp: plan.bgp.enabled,
    sessions: bgpEstablished(plan) ? plan.nodes.length - 1 : 0,
    routes: routesOf(plan, node).map(({ block, via, device }) => ({ block, via, device })),
  }));
  return { patience, nodes, listeners: [...listeners.values()], rounds, captures: capturesOf(plan) };
}

/**
 * Probing in both directions at once would hide what a stateful group refuses: a node that sends opens its own port for
 * the other node (calico#1996). So probe two nodes in one direction, clear the state, and probe the other direction.
 */
function roundOf(plan: LabPlan, { from, to }: Pair): 0 | 1 {
  if (to.kind === "internet") return 0;
  const forward = plan.nodes.findIndex(({ name }) => name === from.node) <= to.node.index;
  // A node's answer to a pod takes the tunnel without natOutgoing. It must go the same way as the round's tunnels.
  return (to.kind === "node" ? !forward : forward) ? 0 : 1;
}

function capturesOf(plan: LabPlan): CaptureOrder[] {
  const { nic } = fabricFacts(plan);
  return examplesOf(plan).map((pair) => ({
    id: rowKey(pair),
    namespace: pair.from.name,
    destination: addressOf(pair.to),
    node: pair.from.node,
    interface: pair.path === "same-node" ? pair.from.interface : nic,
  }));
}

/**
 * Compares what was measured with the verdict. Pure. A pair that was not measured counts as failed.
 * @param at when the measuring ended.
 */
export function compare(plan: LabPlan, measured: Measured, at: Date): Observation {
  const pairs = pairsOf(plan);
  const tallies = new Map<string, { working: number; pairs: number; detail: string }>();
  const disagreements: string[] = [];
  for (const pair of pairs) {
    for (const probe of PROBES) {
      const result = measured.results[idOf(pair, probe)] ?? { works: false, detail: "not measured" };
      const key = `${rowKey(pair)}:${probe}`;
      const tally = tallies.get(key) ?? { working: 0, pairs: 0, detail: "" };
      tallies.set(key, tally);
      tally.pairs += 1;
      if (result.works) tally.working += 1;
      else tally.detail ||= result.detail;
      const expected = !predict(plan, pair, probe);
      if (expected !== result.works) {
        disagreements.push(
          `${pair.from.name} > ${nameOf(pair.to)} (${rowKey(pair)}, ${probe}): predicted ${word(expected)}, observed ${word(result.works)}${result.detail && `: ${result.detail}`}`,
        );
      }
    }
  }
  disagreements.push(...sessionDisagreements(plan, measured));
  const rows = judge(plan).paths.map((row) => observeRow(row, tallies.get(`${rowKey(row)}:${row.probe}`)));
  return {
    of: "the network twin, a model",
    at: at.toISOString(),
    agrees: disagreements.length === 0,
    rows,
    disagreements: disagreements.slice(0, 20),
    notConverged: measured.notConverged,
    wire: examplesOf(plan).map((pair) => ({
      path: rowKey(pair),
      example: `${pair.from.name} > ${nameOf(pair.to)}`,
      ...(measured.captures[rowKey(pair)] ?? { route: "not measured", packet: "not measured" }),
    })),
    sessionsDown: sessionsDown(measured),
  };
}

const word = (works: boolean): "works" | "fails" => (works ? "works" : "fails");

function observeRow(row: PathVerdict, tally = { working: 0, pairs: 0, detail: "not measured" }): ObservedRow {
  const all = tally.working === tally.pairs && tally.pairs > 0;
  const observed = all ? "works" : tally.working === 0 ? "fails" : "mixed";
  return { ...row, ...tally, observed, agrees: observed === row.outcome };
}

function sessionsDown(measured: Measured): Record<string, string[]> {
  const down = Object.entries(measured.sessions).map(([node, peers]): [string, string[]] => [
    node,
    Object.entries(peers).flatMap(([peer, state]) => (state === "Established" ? [] : [peer])),
  ]);
  return Object.fromEntries(down.filter(([, peers]) => peers.length > 0));
}

/** BGP is predicted too: every session is up, or none. */
function sessionDisagreements(plan: LabPlan, measured: Measured): string[] {
  if (!plan.bgp.enabled) return [];
  const expected = bgpEstablished(plan);
  return Object.entries(measured.sessions).flatMap(([node, peers]) =>
    Object.entries(peers)
      .filter(([, state]) => (state === "Established") !== expected)
      .map(
        ([peer, state]) =>
          `BGP ${node} > ${peer}: predicted ${expected ? "Established" : "down"}, observed ${state}`,
      ),
  );
}
