/** The verdict's remarks on BGP: what its settings do although no path may fail. */
import { gatewayHop, hasDetours, peersOf } from "./bgp";
import { fabricFacts } from "./fabric";
import type { LabPlan } from "./lab";
import { isIbgp } from "./peering";
import { encapsulationText, routesNeedBgp } from "./pool";

/** The remarks on a plan's BGP; none on a full mesh alone. */
export function bgpRemarks(plan: LabPlan): string[] {
  const { bgp, nodes } = plan;
  const { gateway } = fabricFacts(plan);
  const remarks: string[] = [];
  const { length: count } = bgp.reflectors;
  if (count > 0) {
    const mesh = (nodes.length * (nodes.length - 1)) / 2;
    remarks.push(
      `route reflector${count > 1 ? "s" : ""} ${bgp.reflectors.join(", ")}: ${peersOf(plan).length} BGP sessions between the nodes, where a mesh has ${mesh}${
        count === 1 ? "; without it no node learns a route, so name a second one" : ""
      }`,
    );
  }
  if (!bgp.exports)
    remarks.push(
      `disableBGPExport: sessions come up, and no node tells a peer of its pods${routesNeedBgp(plan) ? "" : `; Felix programs the routes of ${encapsulationText(plan)}, so paths between pods do not depend on it`}`,
    );
  if (bgp.gatewayAsNumber === undefined || !bgp.exports) return remarks;
  const isKnown = nodes.every((node) => gatewayHop(plan, node) !== undefined);
  const as = isIbgp(plan)
    ? `iBGP, AS ${bgp.asNumber}`
    : `eBGP, AS ${bgp.gatewayAsNumber} and the nodes' ${bgp.asNumber}`;
  remarks.push(
    `the ${gateway} peers with every node (${as})${isKnown ? " and learns each node's block" : ""}`,
  );
  const isUntold = !isIbgp(plan) && !bgp.mesh && count === 0 && nodes.length > 1;
  if (isUntold && isKnown)
    remarks.push(
      `nodes drop what the ${gateway} tells them of each other, because their own AS ${bgp.asNumber} is in the path: pods' packets follow the default route, and the ${gateway} knows the way`,
    );
  if (hasDetours(plan))
    remarks.push(
      `without keepOriginalNextHop every node tells the ${gateway} of all blocks, with itself as the next hop: it sends what is for pods to ${[...new Set(nodes.flatMap((node) => gatewayHop(plan, node)?.name ?? []))].join(", ")}`,
    );
  return remarks;
}
