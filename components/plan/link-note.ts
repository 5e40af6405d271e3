/** The notes on a packet's way over the link between two sites, in the words of `ip route` and `swanctl`. */
import type { HopNote } from "./hop";
import type { LabPlan } from "./lab";
import { isPod, type Leg, type Wire } from "./packet";
import { blockWith } from "./pool";
import { decapsulated, forwarded, inEsp } from "./rewrite";
import { IPSEC_DEVICE, type LinkPlan, NAT_T_PORT, type SitePlan, selectorsText } from "./site";
import { type NodePlan, subnetOf } from "./topology";

/** The ends of a packet's way over the link. */
interface Ends {
  from: SitePlan;
  to: SitePlan;
  a: NodePlan;
  b: NodePlan;
}

/** What each hop of the link says of a packet. */
export function linkNotes(plan: LabPlan, leg: Leg, wire: Wire, { from, to, b }: Ends) {
  const keep = (note: HopNote) => leg.keep?.(leg.direction, note);
  const link = plan.link as LinkPlan;
  const isToPod = isPod(plan, wire.destination);
  const block = blockWith(b, wire.destination);
  const target = isToPod ? block : subnetOf(plan, b).cidr;
  const tunnel = (site: SitePlan, note: Omit<HopNote, "kind" | "name">) =>
    keep({ kind: "ipsec", name: `${IPSEC_DEVICE} of ${site.router}`, ...note });
  return {
    routed(problem?: "no route"): void {
      const decision = problem
        ? `no route to ${target}: it follows the default route to the internet`
        : `route ${target} dev ${IPSEC_DEVICE}`;
      keep({ kind: "gateway", name: from.router, decision, ...(!problem && { change: forwarded }) });
    },
    intoEsp(problem?: "mtu" | "association" | "selectors"): void {
      const decision = {
        mtu: `MTU ${link.mtu.inner}, and DF is set`,
        association: `no security association with ${to.address}`,
        selectors: `not in the selectors ${selectorsText(plan, from, to)}`,
        none: `in the selectors: ESP (${link.proposals.esp}) in UDP ${NAT_T_PORT} to ${to.address}`,
      }[problem ?? "none"];
      const ends = { source: from.address, destination: to.address };
      tunnel(from, {
        decision,
        device: { in: IPSEC_DEVICE },
        ...(!problem && { change: (packet) => inEsp(packet, ends, link.proposals.esp) }),
      });
    },
    outOfEsp(): void {
      tunnel(to, {
        decision: `ESP from ${from.address}: checks and decrypts it`,
        device: { out: IPSEC_DEVICE },
        change: decapsulated,
      });
    },
    delivered(noRoute: boolean): void {
      const route = isToPod ? `route ${block} via ${b.address}` : `route ${target}, to ${b.address}`;
      const decision = noRoute ? `no route to ${wire.destination}: it knows the subnets only` : route;
      keep({ kind: "gateway", name: to.router, decision, ...(!noRoute && { change: forwarded }) });
    },
  };
}
