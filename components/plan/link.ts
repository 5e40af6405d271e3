/** The way over the link between two sites: a packet at the one router, in ESP, and at the other one. */
import type { Drop } from "./drop";
import type { LabPlan } from "./lab";
import { linkNotes } from "./link-note";
import { isPod, isVxlan, type Leg, lengthOf, type Wire } from "./packet";
import {
  associationFault,
  IPSEC_DEVICE,
  isSelected,
  type LinkPlan,
  type SitePlan,
  siteOf,
  withoutRoute,
} from "./site";
import type { NodePlan } from "./topology";

/** Sends a packet from one site's router to the other's. @returns why it is lost; undefined where it arrives. */
export function acrossLink(
  plan: LabPlan,
  leg: Leg,
  a: NodePlan,
  b: NodePlan,
  wire: Wire,
): Omit<Drop, "onReturn" | "packet"> | undefined {
  const [from, to] = [siteOf(plan, a) as SitePlan, siteOf(plan, b) as SitePlan];
  const link = plan.link as LinkPlan;
  const notes = leg.keep && linkNotes(plan, leg, wire, { from, to, a, b });
  if (withoutRoute(plan) === from) {
    notes?.routed("no route");
    return { cause: "link", hop: from.router, fault: "ipsec-route-missing" };
  }
  notes?.routed();
  const hop = `${IPSEC_DEVICE} of ${from.router}`;
  // The device's MTU is looked at first, and by the router itself.
  const length = lengthOf(leg, wire);
  // IPIP inherits DF from the packet inside, VXLAN has none and is fragmented.
  if (leg.dontFragment && !isVxlan(wire) && length > link.mtu.inner) {
    notes?.intoEsp("mtu");
    const fault = plan.faults.includes("mtu-too-big") ? ("mtu-too-big" as const) : undefined;
    return { cause: "mtu", hop, mtu: { size: length, limit: link.mtu.inner }, ...(fault && { fault }) };
  }
  const missing = associationFault(plan);
  if (missing) {
    notes?.intoEsp("association");
    return { cause: "link", hop, fault: missing };
  }
  if (!isSelected(plan, wire, from, to)) {
    notes?.intoEsp("selectors");
    const narrow = link.broken.find((fault) => fault === "ipsec-selectors-too-narrow");
    return { cause: "link", hop, ...(narrow && { fault: narrow }) };
  }
  notes?.intoEsp();
  notes?.outOfEsp();
  const noRoute = isPod(plan, wire.destination) && plan.podRoutes.length === 0;
  notes?.delivered(noRoute);
  return noRoute ? { cause: "gateway", hop: to.router } : undefined;
}
