/** Why a path between pods and a tenant's instances fails, and how it travels, in words. */
import { setNat } from "./advice";
import { podAddress } from "./carrier";
import type { Drop, Explanation } from "./drop";
import { VXLAN } from "./encapsulation";
import { addressOf } from "./endpoint";
import type { LabPlan } from "./lab";
import type { Pair } from "./path";
import { isNatted, tunnelsOf } from "./pool";
import { listed } from "./row";
import { INTEGRATION_BRIDGE, TENANT_WIRE } from "./tenant";

const NEUTRON = "https://docs.openstack.org/neutron/latest";

/** How Octavia's installation plugs its own host into a Neutron network: the same port, command and external ids. */
const PLUG = "https://docs.openstack.org/octavia/latest/install/install-ubuntu.html";

/** The words for a packet that a tenant network has lost. */
export function explainInTenant(
  plan: LabPlan,
  what: string,
  { cause, fault, hop }: Drop,
  { from, to }: Pick<Pair, "from" | "to">,
): Explanation {
  const { tenant, nodes } = plan;
  const undo = fault ? `take ${fault} out of faults: ` : "";
  const plug = `${undo}plug the node into the tenant network: a Neutron port bound to it on its own ${INTEGRATION_BRIDGE} (tenants.ports; on real compute hosts the component TenantPort)`;
  switch (cause) {
    case "tenant-gateway":
      return {
        cause: `the node has no port in ${tenant?.cidr}, and ${what} goes to its gateway, which knows no tenant network`,
        fix: plug,
        reference: PLUG,
      };
    case "tenant-port-security": {
      const nat = setNat(
        plan,
        nodes.find(({ name }) => name === from.node),
        to,
      );
      return {
        cause: `Neutron's port security drops ${what}: a pod's address is not the port's, and the instance has no route to answer it`,
        fix: nat
          ? `${nat}, which gives the packet the port's address, or set tenants.podRoutes: true`
          : "give the packet the port's address",
        reference: `${NEUTRON}/admin/archives/introduction.html`,
      };
    }
    case "tenant-group": {
      const protocol = /\((\w+)/.exec(what)?.[1] ?? "the protocol";
      return {
        cause: `the tenant's security group has no rule for ${what}`,
        fix: `allow ${protocol} in it (tenants.securityGroup)`,
        reference: `${NEUTRON}/admin/archives/introduction.html`,
      };
    }
    default: {
      const node = to.kind === "pod" ? nodes.find(({ name }) => name === to.node.name) : undefined;
      const isPlugged = tenant?.ports.some((port) => port.node === node?.name) === true;
      if (isPlugged && tenant?.podRoutes)
        return { cause: `${hop} has no port that takes ${what}`, fix: plug, reference: PLUG };
      return {
        cause: `the instance has no route to pods but its default one, and the tenant network's router drops ${what}`,
        fix: isPlugged
          ? "set tenants.podRoutes: true: the subnet's host routes lead to the node's port, whose allowed address pairs have the node's block"
          : `${plug}, and set tenants.podRoutes: true`,
        reference: `${NEUTRON}/admin/intro-os-networking.html`,
      };
    }
  }
}

/** How a packet between a pod and an instance travels; undefined on other paths. */
export function tenantCarrier(
  plan: LabPlan,
  { path, reach, from, to }: Pick<Pair, "path" | "reach" | "from" | "to">,
): string | undefined {
  if (path !== "pod-to-tenant" && path !== "tenant-to-pod") return undefined;
  if (reach === "without port")
    return path === "pod-to-tenant" ? "the node's default route" : "the tenant's router";
  const way = reach === "same-node" ? INTEGRATION_BRIDGE : `${INTEGRATION_BRIDGE}, ${TENANT_WIRE}`;
  if (path === "tenant-to-pod") return way;
  return `${way}, with the ${isNatted(plan, from.address, addressOf(to)) ? "port's" : "pod's"} address`;
}

/** What to know of the way to a tenant network although nothing fails. */
export function tenantRemarks(plan: LabPlan): string[] {
  const { tenant, nodes, ipPools, onThisMachine } = plan;
  if (!tenant) return [];
  const keeping = nodes.filter((node) => !isNatted(plan, podAddress(node), tenant.gateway));
  const answer = tenant.podRoutes
    ? "tenants.podRoutes lets it out and gives the instance a route for its answer"
    : "Neutron's port security drops it, since the port has no such address";
  const whose = ipPools ? `not for pods of ${listed(keeping.map(({ name }) => name))}` : "false";
  const nat = [
    ...(keeping.length < nodes.length
      ? [
          `natOutgoing gives a pod's packet to ${tenant.cidr} the address of its node's port, which the instance answers as a neighbour: it needs no route to pods`,
        ]
      : []),
    ...(keeping.length > 0
      ? [`natOutgoing is ${whose}, so a pod's packet to ${tenant.cidr} keeps the pod's address: ${answer}`]
      : []),
  ];
  return [
    ...nat,
    ...(tunnelsOf(plan).includes("vxlan") && !onThisMachine
      ? [
          `on a compute host with ML2/OVS and VXLAN, Open vSwitch has UDP ${VXLAN.port}, and the kernel refuses vxlan.calico ("Address already in use"): set Neutron's vxlan_udp_port or Felix's vxlanPort to another port`,
        ]
      : []),
  ];
}
