/** What `scripts/twin/observe` is asked to measure. */
import { ROUTER, routerDevice } from "../infrastructure/fabric";
import {
  addressOf,
  blocksOf,
  expectations,
  gatewayHop,
  gatewaySessionUp,
  type LabPlan,
  listenerOf,
  nameOf,
  type Pair,
  type ProbeName,
  probeOf,
  probesOf,
  routesNeedBgp,
  routesOf,
  runsBird,
  sessionUp,
  withFirewall,
} from "../plan";
import { type CaptureOrder, capturesOf } from "./capture";
import type { ProbeOrder } from "./probe-order";
import { type Sample, sampleOf } from "./sample";

/** What `scripts/twin/observe` is asked to measure. Names of namespaces are those of nodes and pods. */
export interface Order {
  /** Factor on every time limit: 1 on this machine's kernel, more on an emulated processor. */
  patience: number;
  /** Who programs the routes to other nodes' blocks, or with several pools any of them. BIRD has them only with its sessions. */
  routesBy: "Felix" | "BIRD";
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
  /** The namespaces whose firewalls track connections. */
  stateful: string[];
  /** Ports that echo during a round. */
  listeners: ListenerOrder[];
  /** Probes that are sent at the same time, round after round. */
  rounds: ProbeOrder[][];
  /** For one pair of each path: what to capture, and where. */
  captures: CaptureOrder[];
}
/** A port that echoes. */
export interface ListenerOrder {
  namespace: string;
  protocol: "tcp" | "udp";
  port: number;
}
/** The namespace in which the twin's security groups are. */
const FABRIC = "fabric";

/** A probe's `id` in the order, and in what was measured. A pair with a port of its own has the same ends as another. */
export const idOf = ({ from, to, port }: Pair, probe: ProbeName): string =>
  `${from.name}>${nameOf(to)}${port === undefined ? "" : `:${port}`}:${probe}`;

/**
 * Asks for every pair of the sample, in two rounds: in a round, no two nodes have pods that probe each other. Pure.
 * @param patience factor on every time limit.
 */
export function orderOf(plan: LabPlan, patience: number, { pairs }: Sample = sampleOf(plan)): Order {
  const rounds: ProbeOrder[][] = [[], []];
  const listeners = new Map<string, ListenerOrder>();
  const works = expectations(plan);
  const indices = new Map(plan.nodes.map(({ name, index }) => [name, index]));
  for (const pair of pairs) {
    const round = rounds[roundOf(indices, pair)];
    for (const probe of probesOf(pair)) {
      const packet = probeOf(plan, pair, probe);
      const { protocol, port, size } = packet;
      const order = {
        id: idOf(pair, probe),
        namespace: pair.from.name,
        destination: addressOf(pair.to),
        size,
      };
      round?.push({ ...order, probe: protocol, ...(port && { port }), expect: works(pair, probe) });
      const listener = listenerOf(pair, packet);
      if (listener) listeners.set(JSON.stringify(listener), listener);
    }
  }
  const nodes = plan.nodes.map((node) => ({
    name: node.name,
    bgp: runsBird(plan, node),
    sessions:
      plan.nodes.filter((peer) => peer.name !== node.name && sessionUp(plan, node, peer)).length +
      Number(gatewaySessionUp(plan, node)),
    routes: routesOf(plan, node).map(({ block, via, device }) => ({ block, via, device })),
  }));
  return {
    patience,
    routesBy: routesNeedBgp(plan) ? "BIRD" : "Felix",
    nodes: [...nodes, ...routerOf(plan)],
    stateful: [FABRIC, ...withFirewall(plan).map(({ name }) => name)],
    listeners: [...listeners.values()],
    rounds,
    captures: capturesOf(plan),
  };
}

/** What the router must have, if it learns its routes. Its devices are numbered as the subnets are. */
function routerOf(plan: LabPlan): Order["nodes"] {
  if (plan.bgp.gatewayAsNumber === undefined) return [];
  const routes = plan.nodes.flatMap((node) => {
    const hop = gatewayHop(plan, node);
    if (!hop) return [];
    const device = routerDevice(plan.subnets.findIndex(({ name }) => name === hop.subnet));
    return blocksOf(node).map((block) => ({ block, via: hop.address, device }));
  });
  const sessions = plan.nodes.filter((node) => gatewaySessionUp(plan, node)).length;
  return [{ name: ROUTER, bgp: true, sessions, routes }];
}

/**
 * Probing in both directions at once would hide what a stateful group refuses: a node that sends opens its own port for
 * the other node (calico#1996). So probe two nodes in one direction, clear the state, and probe the other direction.
 */
export function roundOf(indices: ReadonlyMap<string, number>, { from, to }: Pair): 0 | 1 {
  // What a client sends to a node is never in a tunnel. What the node then sends to the pod may be.
  const start = to.kind === "nodeport" ? to.entry.name : from.node;
  if (to.kind === "internet") return 0;
  const forward = (indices.get(start) ?? 0) <= to.node.index;
  // A node's answer to a pod takes the tunnel without natOutgoing. It must go the same way as the round's tunnels.
  return (to.kind === "node" ? !forward : forward) ? 0 : 1;
}
