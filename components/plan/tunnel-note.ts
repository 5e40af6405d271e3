/** The notes on what happens to a packet at a node's tunnel device. */
import { type Carrier, TUNNELS, VXLAN } from "./encapsulation";
import { fabricFacts } from "./fabric";
import { decapsulated, encapsulated } from "./header";
import type { HopNote } from "./hop";
import type { LabPlan } from "./lab";
import type { Leg, Wire } from "./packet";
import { gatewayName } from "./site";
import type { NodePlan } from "./topology";

/** What each hop at a tunnel says of a packet. */
export function tunnelNotes(plan: LabPlan, leg: Leg) {
  const { nic } = fabricFacts(plan);
  const keep = (note: HopNote) => leg.keep?.(leg.direction, note);
  return {
    intoTunnel(
      { name }: NodePlan,
      carrier: Exclude<Carrier, "direct">,
      outer: Wire,
      isTooLong: boolean,
    ): void {
      const { device, wire } = TUNNELS[carrier];
      const [tunnel, added] =
        carrier === "vxlan"
          ? [`VXLAN ${VXLAN.vni} (${wire})`, "50 bytes (IPv4 20, UDP 8, VXLAN 8, Ethernet 14)"]
          : [wire, "20 bytes (IPv4)"];
      keep({
        kind: "tunnel",
        name: `${device} of ${name}`,
        node: name,
        device: { in: device, ...(!isTooLong && { out: nic }) },
        decision: isTooLong
          ? `MTU ${plan.mtu.tunnel}, and DF is set`
          : `${tunnel} to ${outer.destination}: adds ${added}`,
        change: (packet) => encapsulated(packet, outer),
      });
    },
    outOfTunnel({ name }: NodePlan, carrier: Exclude<Carrier, "direct">): void {
      const { device } = TUNNELS[carrier];
      keep({
        kind: "tunnel",
        name: `${device} of ${name}`,
        node: name,
        device: { in: nic, out: device },
        decision: "takes the outer header off",
        change: decapsulated,
      });
    },
    /** The outer addresses are the recorded ones, and one of them is the VPN's. @param hop where the packet is lost. */
    misrecorded(node: NodePlan, hop: string, { source, destination }: Wire): void {
      const isGateway = hop === gatewayName(plan, node);
      const decision = isGateway
        ? `no route to ${destination}`
        : `from ${source}, which Calico has recorded for the node`;
      keep({
        kind: isGateway ? "gateway" : "link",
        name: hop,
        ...(!isGateway && { node: node.name }),
        decision,
      });
    },
  };
}
