/** How pod packets travel between two nodes. */
import type { Encapsulation } from "../config";
import { type Carrier, ENCAPSULATION_FACTS } from "./encapsulation";
import type { NodePlan } from "./topology";
import { isMisrecorded } from "./vpn";

/** How pod packets travel between two different nodes once the routes exist. */
export function carrierBetween(
  { encapsulation }: { encapsulation: Encapsulation },
  from: NodePlan,
  to: NodePlan,
): Carrier {
  const { tunnel, crossSubnet } = ENCAPSULATION_FACTS[encapsulation];
  if (!tunnel) return "direct";
  return crossSubnet && sharesRecordedSubnet(from, to) ? "direct" : tunnel;
}

/**
 * A node looks for the other's address in its own recorded subnet (Felix: `nodeInOurSubnet` in l3_route_resolver.go; BIRD's
 * filter does the same), so a node recorded as /32 uses the tunnel to every other node. They may still send to it without.
 */
const sharesRecordedSubnet = (from: NodePlan, to: NodePlan): boolean =>
  from.subnet === to.subnet && !from.recordedAddress.endsWith("/32") && !isMisrecorded(to);
