/** Who exchanges routes by BGP: the nodes with each other, with route reflectors, and with the gateway. */
import type { LabConfig } from "../config";
import type { NodePlan } from "./topology";

/** Calico's default AS number. */
export const AS_NUMBER = 64_512;

/** The cluster ID of all route reflectors of a lab, from Calico's documentation (networking/configuring/bgp). */
export const REFLECTOR_CLUSTER_ID = "244.0.0.1";

/** The most nodes of a full mesh: Calico's advice (docs: networking/configuring/bgp). */
export const MAX_MESH = 100;

/** How routes are exchanged in a lab. */
export interface BgpPlan {
  /** Whether BIRD runs and speaks BGP. Under VXLAN it programs no routes: Felix does that. */
  enabled: boolean;
  /** The nodes'. */
  asNumber: number;
  /** Whether every node has a session with every other one. */
  mesh: boolean;
  /** The names of the nodes that reflect routes. Every node has a session with each of them. */
  reflectors: readonly string[];
  /** Set if the gateway speaks BGP with the nodes. With the nodes' own number it is an iBGP peer, else an eBGP peer. */
  gatewayAsNumber?: number;
  /** Whether a node tells an eBGP peer the next hop that it has heard, and not itself (BGPPeer `keepOriginalNextHop`). */
  keepsNextHop: boolean;
  /** Whether nodes tell their peers of their pods (not IPPool `disableBGPExport`). */
  exports: boolean;
}

/** Who exchanges routes in the lab of a config. @param enabled whether BIRD runs. */
export function planBgp(
  { bgp, routeReflectors, peering, podRoutes }: LabConfig,
  enabled: boolean,
  calico: boolean,
): BgpPlan {
  const asNumber = peering?.asNumber ?? AS_NUMBER;
  // Without Calico, ignore the keys: the twin uses BIRD in place of a cluster's static routes.
  const reflectors = calico && enabled ? routeReflectors : [];
  const { nodeToNodeMesh = bgp !== "routeReflectors" } = calico ? (peering ?? {}) : {};
  return {
    enabled,
    asNumber,
    mesh: enabled && reflectors.length === 0 && (nodeToNodeMesh || !calico),
    reflectors,
    ...(podRoutes === "bgp" && enabled && { gatewayAsNumber: peering?.gatewayAsNumber ?? asNumber }),
    keepsNextHop: peering?.keepOriginalNextHop ?? false,
    exports: !(calico && peering?.disableBGPExport),
  };
}

/** What tells who has sessions. */
interface WithBgp {
  bgp: BgpPlan;
}

/** Whether a node reflects routes. */
export const isReflector = ({ bgp }: WithBgp, { name }: Pick<NodePlan, "name">): boolean =>
  bgp.reflectors.includes(name);

/** Whether two different nodes are to have a session. */
export const arePeers = (plan: WithBgp, a: Pick<NodePlan, "name">, b: Pick<NodePlan, "name">): boolean =>
  plan.bgp.enabled && (plan.bgp.mesh || isReflector(plan, a) || isReflector(plan, b));

/** Whether the gateway has the AS number of the nodes. */
export const isIbgp = ({ bgp }: WithBgp): boolean => bgp.gatewayAsNumber === bgp.asNumber;

/**
 * Whether the gateway reflects routes (RFC 4456). It does where nothing else tells the nodes of each other. An eBGP peer
 * tells them anyway, and they drop what comes back with their own AS number in its path (RFC 4271, 9.1.2).
 */
export const gatewayReflects = (plan: WithBgp): boolean =>
  isIbgp(plan) && !plan.bgp.mesh && plan.bgp.reflectors.length === 0;

/** Who exchanges routes, in words: `mesh`, `route reflectors w1, w2; the gateway as AS 64513`. */
export function describeBgp({ bgp }: WithBgp): string {
  if (!bgp.enabled) return "disabled";
  const nodes = bgp.mesh
    ? "mesh"
    : bgp.reflectors.length > 0
      ? `route reflector${bgp.reflectors.length > 1 ? "s" : ""} ${bgp.reflectors.join(", ")}`
      : "no mesh";
  return [
    nodes,
    ...(bgp.gatewayAsNumber === undefined ? [] : [`the gateway as AS ${bgp.gatewayAsNumber}`]),
    ...(bgp.keepsNextHop ? ["keepOriginalNextHop"] : []),
    ...(bgp.exports ? [] : ["disableBGPExport"]),
  ].join("; ");
}
