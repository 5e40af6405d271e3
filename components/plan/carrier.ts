/** How pod packets travel between two nodes. */
import { type Carrier, ENCAPSULATION_FACTS } from "./encapsulation";
import { encapsulationAt, type Pools } from "./pool";
import type { NodePlan } from "./topology";
import { isMisrecorded } from "./vpn";

/**
 * How pod packets travel between two different nodes once the routes exist.
 * @param address which of the other node's addresses they are for: its pool decides. Default: a pod's.
 */
export function carrierBetween(plan: Pools, from: NodePlan, to: NodePlan, address = podAddress(to)): Carrier {
  const { tunnel, crossSubnet } = ENCAPSULATION_FACTS[encapsulationAt(plan, address)];
  if (!tunnel) return "direct";
  return crossSubnet && sharesRecordedSubnet(from, to) ? "direct" : tunnel;
}

/** The address of a node's first pod. */
export const podAddress = ({ pods, tunnelAddress }: NodePlan): string => pods[0]?.address ?? tunnelAddress;

/**
 * A node looks for the other's address in its own recorded subnet (Felix: `nodeInOurSubnet` in l3_route_resolver.go; BIRD's
 * filter does the same), so a node recorded as /32 uses the tunnel to every other node. They may still send to it without.
 */
const sharesRecordedSubnet = (from: NodePlan, to: NodePlan): boolean =>
  from.subnet === to.subnet && !from.recordedAddress.endsWith("/32") && !isMisrecorded(to);
