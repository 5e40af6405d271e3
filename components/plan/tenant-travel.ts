/** The way of a packet between a pod and an instance: by the node's port, over br-int, and between compute hosts. */
import type { Drop } from "./drop";
import { passesGateway } from "./fabric";
import { SMALLER_BY } from "./fault-facts";
import type { LabPlan } from "./lab";
import { describe, inner, type Leg, type Sender, type Wire } from "./packet";
import { gatewayName } from "./site";
import { TENANT_TUNNEL, type TenantPlan, type TenantPortPlan, tenantPortOf } from "./tenant";
import { tenantNotes } from "./tenant-note";
import type { NodePlan } from "./topology";
import { betweenNodes, type Passage } from "./underlay";

/** A node's port in the tenant network, unless a fault has unplugged it. */
export const pluggedPort = (plan: LabPlan, node: NodePlan): TenantPortPlan | undefined =>
  node.host.broken.includes("tenant-port-unplugged") ? undefined : tenantPortOf(plan, node);

/** The address with which a node sends into the tenant network; undefined where its packets go to the gateway instead. */
export const addressInTenant = (plan: LabPlan, node: NodePlan): string | undefined =>
  pluggedPort(plan, node)?.address;

const lost = (wire: Wire, drop: Omit<Drop, "onReturn" | "packet">): Passage => ({
  drop: { ...drop, packet: describe(wire) },
  wires: [wire],
});

/** The fault that has unplugged a port which the node should have. */
const unplugged = (plan: LabPlan, node: NodePlan): Pick<Drop, "fault"> =>
  tenantPortOf(plan, node) && !pluggedPort(plan, node) ? { fault: "tenant-port-unplugged" } : {};

/** Sends a packet from a pod to an instance, or from an instance. */
export function travelInTenant(plan: LabPlan, leg: Leg): Passage {
  // An instance is in a tenant network, and its packets are for pods and from pods.
  const tenant = plan.tenant as TenantPlan;
  const [from, to] = [leg.from, leg.to] as [Sender, Sender];
  return from.kind === "instance"
    ? fromInstance(plan, leg, tenant, from, to)
    : toInstance(plan, leg, tenant, from, to);
}

function toInstance(plan: LabPlan, leg: Leg, tenant: TenantPlan, from: Sender, to: Sender): Passage {
  const wire = inner(leg);
  const notes = leg.keep && tenantNotes(plan, leg, tenant);
  const port = pluggedPort(plan, from.node);
  if (!port) return toGateway(plan, leg, tenant, from.node);
  const { size } = leg.probe;
  const tooLong = leg.dontFragment && size > tenant.mtu;
  notes?.intoPort(from.node, port, tooLong);
  if (tooLong)
    return lost(wire, {
      cause: "mtu",
      hop: `${port.device} of ${from.node.name}`,
      mtu: { size, limit: tenant.mtu },
    });
  // Neutron lets out what comes from the port's own address, or from one of its allowed address pairs.
  const isOwn = wire.source === port.address || tenant.podRoutes;
  notes?.portSecurity(from.node, wire.source, isOwn, port);
  if (!isOwn) return lost(wire, { cause: "tenant-port-security", hop: `br-int of ${from.node.name}` });
  const across = betweenHosts(plan, leg, tenant, from.node, to.node);
  if (across.drop) return across;
  return intoGroup(leg, tenant, hostName(to), across, (refused) => notes?.group(to, refused));
}

function fromInstance(plan: LabPlan, leg: Leg, tenant: TenantPlan, from: Sender, to: Sender): Passage {
  const wire = inner(leg);
  const notes = leg.keep && tenantNotes(plan, leg, tenant);
  // A packet for a pod needs a route. An answer to a masqueraded one is for the port's own address, in the same network.
  const planned = tenantPortOf(plan, to.node);
  const route = to.kind === "pod" ? (tenant.podRoutes ? planned : undefined) : pluggedPort(plan, to.node);
  notes?.leavesInstance(from, route);
  if (!route) return lost(wire, { cause: "tenant-route", hop: "the tenant's router" });
  if (!pluggedPort(plan, to.node))
    return lost(wire, {
      cause: "tenant-route",
      hop: `br-int of ${to.node.name}`,
      ...unplugged(plan, to.node),
    });
  const across = betweenHosts(plan, leg, tenant, from.node, to.node);
  if (across.drop) return across;
  return intoGroup(leg, tenant, `br-int of ${to.node.name}`, across, (refused) => notes?.group(to, refused));
}

const hostName = (end: Sender): string => (end.kind === "instance" ? end.instance.name : end.node.name);

/** From one br-int to another: in Neutron's VXLAN, if they are on two hosts. Calico has no part in it. */
function betweenHosts(plan: LabPlan, leg: Leg, tenant: TenantPlan, a: NodePlan, b: NodePlan): Passage {
  if (a.name === b.name) return { wires: [] };
  const outer: Wire = {
    source: a.address,
    destination: b.address,
    protocol: "udp",
    port: TENANT_TUNNEL.port,
  };
  const notes = leg.keep && tenantNotes(plan, leg, tenant);
  notes?.intoTunnel(a, outer);
  const across = betweenNodes(plan, leg, a, b, outer, passesGateway(plan, a, b));
  if (!across.drop) notes?.outOfTunnel(b);
  return across;
}

/** The security group at the packet's target. It is stateful: an answer needs no rule. */
function intoGroup(
  { direction, probe, ...leg }: Leg,
  { group }: TenantPlan,
  at: string,
  across: Passage,
  note: (refused: boolean) => void,
): Passage {
  const refused = direction === "there" && !group.includes(probe.protocol);
  note(refused);
  if (!refused) return across;
  return lost(inner({ direction, probe, ...leg }), { cause: "tenant-group", hop: `${at}'s security group` });
}

/** Without a port the node has no route but the default one, and its gateway knows no tenant network. */
function toGateway(plan: LabPlan, leg: Leg, tenant: TenantPlan, node: NodePlan): Passage {
  const wire = inner(leg);
  const notes = leg.keep && tenantNotes(plan, leg, tenant);
  const limit = plan.mtu.link - SMALLER_BY;
  const narrow = node.host.broken.includes("link-mtu-smaller") && leg.probe.size > limit;
  notes?.toGateway(node, narrow ? limit : undefined);
  if (narrow) return lost(wire, { cause: "host", hop: `${node.name}'s link`, fault: "link-mtu-smaller" });
  return lost(wire, { cause: "tenant-gateway", hop: gatewayName(plan, node), ...unplugged(plan, node) });
}
