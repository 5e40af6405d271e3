/** A node as a compute host: its br-int, the instances on it, and its own port in the tenant network. */
import { createHash } from "node:crypto";
import {
  fabricFacts,
  type InstancePlan,
  instanceRoutes,
  type LabPlan,
  type NodePlan,
  pluggedPort,
  TENANT_TUNNEL,
  type TenantPlan,
} from "../../plan";
import { macOf } from "../fabric";
import { renderFlows, type Vif } from "./tenant-flows";

/** An instance as its host builds it. Any change of it makes its namespace anew. */
export interface TenantInstance {
  name: string;
  device: string;
  address: string;
  mac: string;
  /** In the syntax of `ip route`. */
  routes: string[];
  /**
   * The neighbours to which its routes lead, in the syntax of `ip neigh`. Neutron answers an ARP request for them, also
   * where nothing is there: the instance sends its packets, and br-int loses them.
   */
  neighbours: string[];
}

/** A node's own port. */
export interface TenantPort {
  device: string;
  /** With the network's prefix length. */
  address: string;
  mac: string;
  /** Neutron's id of the port (`iface-id`). */
  id: string;
  /** The DHCP server on its host, from which it takes the address. */
  dhcp: {
    /** The tenant router's, with the network's prefix length. */
    address: string;
    mac: string;
    /** The network's own address. */
    network: string;
  };
}

/** Desired state of a node's part in the tenant network. */
export interface TenantState {
  /** Bash words that make the tunnel's device: `ip link add` takes them. */
  tunnel: string;
  mtu: number;
  prefix: number;
  instances: TenantInstance[];
  port?: TenantPort;
  /** Where the tunnel sends which MAC address, in the syntax of `bridge fdb`; all zeros is for broadcasts. */
  forwarding: string[];
  /** Port security and security group, in the syntax of `ovs-ofctl`. */
  flows: string;
}

/** The desired state of a node's part; undefined in a lab without a tenant network. */
export function renderTenant(plan: LabPlan, node: NodePlan): TenantState | undefined {
  const { tenant } = plan;
  if (!tenant) return undefined;
  const instances = tenant.instances.filter(({ host }) => host === node.name);
  const port = pluggedPort(plan, node);
  const { device, vni, port: udp } = TENANT_TUNNEL;
  return {
    tunnel: `${device} type vxlan id ${vni} local ${node.address} dev ${fabricFacts(plan).nic} dstport ${udp} nolearning`,
    mtu: tenant.mtu,
    prefix: tenant.prefix,
    instances: instances.map((one) => renderInstance(plan, tenant, one)),
    ...(port && {
      port: {
        device: port.device,
        address: `${port.address}/${tenant.prefix}`,
        mac: tenantMac(port.address),
        id: uuidOf(port.device),
        dhcp: {
          address: `${tenant.gateway}/${tenant.prefix}`,
          mac: tenantMac(tenant.gateway),
          network: tenant.cidr.split("/")[0] as string,
        },
      },
    }),
    forwarding: forwardingOf(plan, node),
    flows: renderFlows(vifsOf(plan, node), tenant.group, tenantMac(tenant.gateway), port?.device),
  };
}

const renderInstance = (
  plan: LabPlan,
  tenant: TenantPlan,
  { name, device, address }: InstancePlan,
): TenantInstance => ({
  name,
  device,
  address: `${address}/${tenant.prefix}`,
  mac: tenantMac(address),
  routes: instanceRoutes(plan),
  neighbours: [tenant.gateway, ...(tenant.podRoutes ? tenant.ports.map((port) => port.address) : [])].map(
    (next) => `${next} lladdr ${tenantMac(next)} dev eth0 nud permanent`,
  ),
});

/** The devices of a node's br-int, and what each may send. */
function vifsOf(plan: LabPlan, node: NodePlan): Vif[] {
  const port = pluggedPort(plan, node);
  const instances = plan.tenant?.instances.filter(({ host }) => host === node.name) ?? [];
  const vif = ({ device, address }: { device: string; address: string }, allowed: string[]): Vif => ({
    device,
    address,
    mac: tenantMac(address),
    allowed,
  });
  return [
    ...instances.map((one) => vif(one, [])),
    ...(port ? [vif(port, plan.tenant?.podRoutes ? [node.block] : [])] : []),
  ];
}

/** As Neutron's l2population: every MAC address of another host, and that host for broadcasts. */
function forwardingOf(plan: LabPlan, node: NodePlan): string[] {
  return plan.nodes
    .filter(({ name }) => name !== node.name)
    .flatMap((peer) => {
      const vifs = vifsOf(plan, peer);
      const macs = vifs.length > 0 ? [...vifs.map(({ mac }) => mac), "00:00:00:00:00:00"] : [];
      return macs.map((mac) => `${mac} dev ${TENANT_TUNNEL.device} dst ${peer.address}`);
    });
}

/** Neutron's MAC addresses begin with fa:16:3e (`base_mac`). */
const tenantMac = (address: string): string => macOf(address).replace(/^02:00:[0-9a-f]{2}/, "fa:16:3e");

/** An id in the form of Neutron's, the same for the same port. */
function uuidOf(text: string): string {
  const hex = createHash("sha1").update(text).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    "-",
  );
}
