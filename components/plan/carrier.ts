/** How pod packets travel between two nodes. */
import type { Encapsulation } from "../config";
import { type Carrier, ENCAPSULATION_FACTS } from "./encapsulation";
import type { NodePlan } from "./topology";

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

/** Calico compares the recorded addresses with their prefix lengths, so a /32 is alone in its subnet. */
function sharesRecordedSubnet(from: NodePlan, to: NodePlan): boolean {
  return (
    from.subnet === to.subnet && !from.recordedAddress.endsWith("/32") && !to.recordedAddress.endsWith("/32")
  );
}
