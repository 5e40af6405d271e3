/** The notes on a packet's way through a tenant network, in the words of `ip route` and Open vSwitch. */
import { fabricFacts } from "./fabric";
import type { HopNote } from "./hop";
import type { LabPlan } from "./lab";
import { inner, type Leg, type Sender, type Wire } from "./packet";
import { encapsulated, forwarded, rewritten } from "./rewrite";
import { gatewayName } from "./site";
import {
  INTEGRATION_BRIDGE,
  TENANT_TUNNEL,
  TENANT_WIRE,
  type TenantPlan,
  type TenantPortPlan,
} from "./tenant";
import { type NodePlan, subnetOf } from "./topology";
import { outOf, VXLAN_ADDS } from "./tunnel-note";

/** What each hop of a tenant network says of a packet. */
export function tenantNotes(plan: LabPlan, leg: Leg, tenant: TenantPlan) {
  const { nic } = fabricFacts(plan);
  const keep = (note: HopNote) => leg.keep?.(leg.direction, note);
  const bridge = (node: string, decision: string) =>
    keep({ kind: "bridge", name: `${INTEGRATION_BRIDGE} of ${node}`, node, decision });
  const kernel = ({ name }: NodePlan, decision: string, out?: string) =>
    keep({
      kind: "kernel",
      name: `${name}'s kernel`,
      node: name,
      device: { ...deviceOfPod(), ...(out && { out }) },
      decision,
      ...(leg.from.kind === "pod" && { change: forwarded }),
    });
  const deviceOfPod = () =>
    leg.from.kind === "pod" && leg.from.pod.interface ? { in: leg.from.pod.interface } : {};
  const masquerades = ({ name }: NodePlan) => {
    if (!leg.translated) return;
    const { source } = inner(leg);
    const decision = `natOutgoing: masquerade as ${source}`;
    keep({
      kind: "nat",
      name: `${name}'s kernel`,
      node: name,
      decision,
      change: (packet) => rewritten(packet, { source }),
    });
  };
  return {
    /** @param tooLong whether the packet is longer than the port's MTU. */
    intoPort(node: NodePlan, { device }: TenantPortPlan, tooLong: boolean): void {
      const route = `${tenant.cidr} dev ${device}`;
      kernel(
        node,
        tooLong ? `${route}, MTU ${tenant.mtu}, and DF is set` : route,
        tooLong ? undefined : device,
      );
      if (!tooLong) masquerades(node);
    },
    portSecurity({ name }: NodePlan, source: string, isOwn: boolean, { address }: TenantPortPlan): void {
      const reason =
        source === address ? "is the port's own address" : "is in the port's allowed address pairs";
      bridge(name, `port security: ${source} ${isOwn ? reason : `is not the port's address ${address}`}`);
    },
    leavesInstance(from: Sender, route: TenantPortPlan | undefined): void {
      if (from.kind !== "instance" || route) return;
      bridge(from.node.name, `to the router ${tenant.gateway}, which knows no pod addresses`);
    },
    group(to: Sender, refused: boolean): void {
      const rule = `${leg.probe.protocol.toUpperCase()} in`;
      const is = leg.direction === "back" ? "an answer to a packet that has passed the other way" : rule;
      bridge(to.node.name, `security group: ${refused ? `no rule ${rule}` : is}`);
    },
    intoTunnel({ name }: NodePlan, outer: Wire): void {
      keep({
        kind: "tunnel",
        name: `${TENANT_TUNNEL.device} of ${name}`,
        node: name,
        device: { in: TENANT_TUNNEL.device, out: nic },
        decision: `VXLAN ${TENANT_TUNNEL.vni} (${TENANT_WIRE}) to ${outer.destination}: adds ${VXLAN_ADDS}`,
        change: (packet) => encapsulated(packet, outer),
      });
    },
    outOfTunnel(node: NodePlan): void {
      keep(outOf(node, TENANT_TUNNEL.device, nic));
    },
    /** @param limit what the node's link carries, in bytes, if the packet is longer. */
    toGateway(node: NodePlan, limit?: number): void {
      const route = subnetOf(plan, node).gateway;
      kernel(node, `no port in ${tenant.cidr}: default via ${route} dev ${nic}`, nic);
      masquerades(node);
      if (limit !== undefined) {
        const { name } = node;
        keep({
          kind: "link",
          name: `${name}'s link`,
          node: name,
          decision: `carries at most ${limit} bytes`,
        });
      } else
        keep({
          kind: "gateway",
          name: gatewayName(plan, node),
          decision: `no route to ${tenant.cidr}: it knows the subnets only`,
        });
    },
  };
}
