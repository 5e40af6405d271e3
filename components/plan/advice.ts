/** What a fix in the verdict tells the reader to set: keys of the lab, or in a lab with several IPPools those of one pool. */
import { carrierBetween } from "./carrier";
import { addressOf, type Endpoint } from "./endpoint";
import { fabricFacts } from "./fabric";
import type { LabPlan } from "./lab";
import type { Pair } from "./path";
import { ownsNetwork } from "./placement";
import { poolAt } from "./pool";
import { sourceTo } from "./route";
import type { NodePlan } from "./topology";

/** Names, behind a setting, the pool of a node's pods, whose setting counts. Empty in a lab with one pool. */
const ofPool = ({ ipPools }: Pick<LabPlan, "ipPools">, node: NodePlan | undefined): string =>
  ipPools && node?.pool ? ` for the IPPool ${node.pool}` : "";

/** Encapsulations that would tunnel a packet. */
export interface Tunnels {
  kinds: "IPIP" | "VXLAN" | "IPIP or VXLAN";
  /** The pool that would have one of them, as {@link ofPool} names it: that of the packet's destination. */
  pool: string;
}

/**
 * The encapsulations that would tunnel a lost packet; undefined where none does, as to a node's own address.
 * @param onReturn whether the packet is an answer. @param canTunnelIpip whether IPIP passes between the path's nodes.
 */
export function tunnelsFor(
  plan: LabPlan,
  { from, to }: Pick<Pair, "from" | "to">,
  onReturn: boolean,
  canTunnelIpip: boolean,
): Tunnels | undefined {
  // Without Calico no other encapsulation can be chosen.
  if (!plan.calico || to.kind === "internet") return undefined;
  const kinds = canTunnelIpip ? "IPIP or VXLAN" : "VXLAN";
  if (!plan.ipPools || !onReturn) return { kinds, pool: ofPool(plan, to.node) };
  const asked = to.kind === "nodeport" ? to.entry.name : from.node;
  const node = plan.nodes.find(({ name }) => name === asked);
  const isPods = from.interface !== undefined && to.kind !== "nodeport";
  if (!node || isPods) return { kinds, pool: ofPool(plan, node) };
  // The answer to a node goes to its end of the tunnel by which the node has sent, and the pool of that end counts.
  const carrier = carrierBetween(plan, node, to.node);
  // Without a route of BIRD's the node does not tunnel in IPIP, and its own address gets the answer. In VXLAN it would tunnel.
  if (carrier === "ipip" && !canTunnelIpip) return { kinds, pool: ofPool(plan, to.node) };
  const pool = poolAt(plan, sourceTo(plan, node, to.node));
  if (!pool || carrier === "direct") return undefined;
  return { kinds: carrier === "ipip" ? "IPIP" : "VXLAN", pool: ` for the IPPool ${pool.name}` };
}

/**
 * How the packets of a node's pods to an endpoint get the node's address; undefined where natOutgoing is on already.
 * @param node of the pods.
 */
export function setNat(plan: LabPlan, node: NodePlan | undefined, to: Endpoint): string | undefined {
  const own = plan.ipPools?.find(({ name }) => name === node?.pool) ?? plan.ipPool;
  const set = own.natOutgoing ? undefined : `set natOutgoing: true${ofPool(plan, node)}`;
  const around = poolAt(plan, addressOf(to));
  if (!around) return set;
  return `take the IPPool ${around.name} out${set ? ` and ${set}` : ""}, because natOutgoing is not for what goes to an address in a pool`;
}

/** How the gateway gets to know pods. */
export function tellGateway(plan: LabPlan): string {
  const { podRoutes } = fabricFacts(plan);
  return ownsNetwork(plan) ? `set podRoutes: static to ${podRoutes}` : `have its owner ${podRoutes}`;
}

/** What keeps pod addresses from the gateway; undefined where no tunnel does. Without a layer 2, CrossSubnet does not. */
export function insteadOfGateway(plan: LabPlan, tunnels: Tunnels | undefined): string | undefined {
  const { layer3 } = fabricFacts(plan);
  if (!tunnels) return undefined;
  if (!layer3) return `use a CrossSubnet encapsulation${tunnels.pool}`;
  const unlike = layer3.hostPrefix ? "" : " (CrossSubnet does not)";
  return `use VXLAN${tunnels.pool}, which tunnels every packet between nodes${unlike}`;
}
