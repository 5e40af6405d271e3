/** What a node's kernel does to the packets that pass it. */
import type { Fault } from "../config";
import { carrierBetween } from "./carrier";
import type { LabPlan } from "./lab";
import { nodeNotes } from "./node-note";
import { describe, inner, isPod, isVxlan, type Leg, type Wire } from "./packet";
import { hasRoute } from "./route";
import type { NodePlan } from "./topology";
import type { Passage } from "./underlay";

/** Whether a node's kernel forwards the packets of its pods. */
export function notForwarded(plan: LabPlan, node: NodePlan, leg: Leg): Passage["drop"] {
  const fault = node.host.broken.find(
    (one) => one === "ip-forward-off" || one === "host-firewall-forward-drop",
  );
  return fault && lostInKernel(plan, node, leg, fault);
}

/** A packet that a fault of a node's own kernel loses. */
function lostInKernel(plan: LabPlan, { name }: NodePlan, leg: Leg, fault: Fault): Passage["drop"] {
  if (leg.keep) nodeNotes(plan, leg).lostInKernel(name, fault);
  return { cause: "host", hop: `${name}'s kernel`, packet: describe(inner(leg)), fault };
}

/** A strict reverse path filter drops a packet that comes in by another device than its answer would leave by. */
export function reversed(
  plan: LabPlan,
  leg: Leg,
  a: NodePlan,
  b: NodePlan,
  wires: readonly Wire[],
): Passage["drop"] {
  if (!b.host.broken.includes("rp-filter-strict")) return undefined;
  const packet = inner(leg);
  const wire = wires.at(-1);
  const came = wire?.protocol === "4" ? "ipip" : wire && isVxlan(wire) ? "vxlan" : "direct";
  const { source } = packet;
  const leaves =
    isPod(plan, source) && hasRoute(plan, b, a, source) ? carrierBetween(plan, b, a, source) : "direct";
  return came === leaves ? undefined : lostInKernel(plan, b, leg, "rp-filter-strict");
}
