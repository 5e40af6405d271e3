/** The notes on what happens to a packet at a node's tunnel device. */
import { type Carrier, TUNNELS, VXLAN } from "./encapsulation";
import { fabricFacts } from "./fabric";
import type { HopNote } from "./hop";
import type { LabPlan } from "./lab";
import type { Leg, Wire } from "./packet";
import { tunnelMtu } from "./pool";
import { decapsulated, encapsulated } from "./rewrite";
import type { NodePlan } from "./topology";

/** What VXLAN adds to a packet, in words. */
export const VXLAN_ADDS = "50 bytes (IPv4 20, UDP 8, VXLAN 8, Ethernet 14)";

/** A packet that leaves a tunnel at a node. @param device the tunnel's, and `nic` the one at which the packet came in. */
export const outOf = ({ name }: NodePlan, device: string, nic: string): HopNote => ({
  kind: "tunnel",
  name: `${device} of ${name}`,
  node: name,
  device: { in: nic, out: device },
  decision: "takes the outer header off",
  change: decapsulated,
});

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
        carrier === "vxlan" ? [`VXLAN ${VXLAN.vni} (${wire})`, VXLAN_ADDS] : [wire, "20 bytes (IPv4)"];
      keep({
        kind: "tunnel",
        name: `${device} of ${name}`,
        node: name,
        device: { in: device, ...(!isTooLong && { out: nic }) },
        decision: isTooLong
          ? `MTU ${tunnelMtu(plan, carrier)}, and DF is set`
          : `${tunnel} to ${outer.destination}: adds ${added}`,
        change: (packet) => encapsulated(packet, outer),
      });
    },
    outOfTunnel(node: NodePlan, carrier: Exclude<Carrier, "direct">): void {
      keep(outOf(node, TUNNELS[carrier].device, nic));
    },
    /** The tunnel's other end is an address of the VPN. @param gateway where the packet is lost. */
    misrecorded(gateway: string, { destination }: Wire): void {
      keep({ kind: "gateway", name: gateway, decision: `no route to ${destination}` });
    },
  };
}
