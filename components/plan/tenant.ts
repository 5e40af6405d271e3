/** A tenant network: its instances, and the Neutron ports that plug nodes into it. */
import { createHash } from "node:crypto";
import type { TenantProtocol, TenantsConfig } from "../config";
import { holds, parseCidr, sizeOf, toAddress, toNumber } from "./addressing";
import type { Endpoint } from "./endpoint";
import type { LabPlan } from "./lab";
import type { Source } from "./path";
import type { NodePlan } from "./topology";

/** An instance of the tenant. */
export interface InstancePlan {
  name: string;
  /** The name of the node that is its compute host. */
  host: string;
  /** IPv4, in the tenant network. */
  address: string;
  /** Its device on its host, a port of br-int. Named as Neutron names devices. */
  device: string;
}

/** A Neutron port that is plugged into a node's own br-int, so that the node is in the tenant network as well. */
export interface TenantPortPlan {
  node: string;
  /** IPv4, in the tenant network. Neutron chooses it; the twin takes the next free one. */
  address: string;
  /** The node's device of the port, named as Neutron names devices: `tap` and 11 characters. */
  device: string;
}

/** A tenant network. */
export interface TenantPlan {
  /** In canonical form, e.g. `20.20.1.0/24`. */
  cidr: string;
  /** Prefix length in bits. */
  prefix: number;
  /** The address of the tenant's router, which knows no pods. */
  gateway: string;
  /** In bytes: what every path between two nodes carries, minus the header of VXLAN. */
  mtu: number;
  instances: InstancePlan[];
  ports: TenantPortPlan[];
  /** What the security group of instances and ports lets in. Everything goes out, and answers come in. */
  group: readonly TenantProtocol[];
  /** Whether instances have a route to the pods of each node with a port, and the port lets their addresses through. */
  podRoutes: boolean;
}

/**
 * The tunnel between the br-int of two hosts. Not Neutron's default port 4789: that is Calico's, and the kernel refuses
 * vxlan.calico ("Address already in use") where Open vSwitch has it (measured on Linux 6.18 with the device that Open
 * vSwitch makes, `type vxlan external dstport 4789`). Neutron's option is `vxlan_udp_port`; 8472 is Linux' own default.
 */
export const TENANT_TUNNEL = { device: "vxlan-tenant", vni: 1001, port: 8472, overhead: 50 } as const;

/** What the instances' bridge is called on a compute host, as in Neutron (`integration_bridge`) and OVN. */
export const INTEGRATION_BRIDGE = "br-int";

/** The wire of the tunnel in words. */
export const TENANT_WIRE = `UDP ${TENANT_TUNNEL.port}`;

/** Where the twin begins with the addresses of ports. Neutron's own ports (router, DHCP) are below. */
const firstPortOffset = (size: number): number => (size >= 64 ? 11 : 3);

/** Plans the tenant network of a config that `checkConfig` has accepted. @param link what every path between two nodes carries, in bytes. */
export function planTenant(
  { cidr: text, instances, ports = [], securityGroup, podRoutes = false }: TenantsConfig,
  link: number,
): TenantPlan {
  const cidr = parseCidr(text);
  const taken = new Set(instances.map(({ address }) => toNumber(address)));
  let next = cidr.first + firstPortOffset(sizeOf(cidr));
  const free = (): string => {
    while (taken.has(next)) next++;
    return toAddress(next++);
  };
  return {
    cidr: text,
    prefix: cidr.prefix,
    gateway: toAddress(cidr.first + 1),
    mtu: link - TENANT_TUNNEL.overhead,
    instances: instances.map((one) => ({ ...one, device: tenantDevice(one.name) })),
    ports: ports.map((node) => ({ node, address: free(), device: tenantDevice(node) })),
    group: securityGroup ?? ["icmp", "tcp", "udp"],
    podRoutes,
  };
}

/** How many nodes can have a port in a range with these instances. */
export function portsIn(text: string, addresses: readonly string[]): number {
  const cidr = parseCidr(text);
  const first = cidr.first + firstPortOffset(sizeOf(cidr));
  const last = cidr.first + sizeOf(cidr) - 2;
  const taken = addresses.map(toNumber).filter((one) => one >= first && one <= last);
  return last - first + 1 - new Set(taken).size;
}

/** Fourteen characters, as Neutron makes them from the port's id. @param owner a node or an instance. */
const tenantDevice = (owner: string): string =>
  `tap${createHash("sha1").update(`tenant.${owner}`).digest("hex").slice(0, 11)}`;

/** A node's port in the tenant network as it is plugged. */
export const tenantPortOf = ({ tenant }: LabPlan, { name }: NodePlan): TenantPortPlan | undefined =>
  tenant?.ports.find((port) => port.node === name);

/** Whether an address is the tenant network's. */
export const isTenant = ({ tenant }: LabPlan, address: string): boolean =>
  tenant !== undefined && holds(tenant, address);

/** The instances as ends of paths. */
export const instanceEnds = ({ tenant, nodes }: LabPlan): Extract<Endpoint, { kind: "instance" }>[] =>
  (tenant?.instances ?? []).flatMap((instance) => {
    const node = nodes.find(({ name }) => name === instance.host);
    return node ? [{ kind: "instance", instance, node }] : [];
  });

/** An instance as the source of its packets. */
export const instanceSource = ({ name, host, address }: InstancePlan): Source => ({
  name,
  node: host,
  address,
});

/** The routes of every instance, in the syntax of `ip route`: the subnet's host routes and its router. */
export function instanceRoutes({ tenant, nodes }: LabPlan): string[] {
  if (!tenant) return [];
  const routed = tenant.podRoutes ? tenant.ports : [];
  return [
    `default via ${tenant.gateway} dev eth0`,
    ...routed.map(
      (port) => `${nodes.find(({ name }) => name === port.node)?.block} via ${port.address} dev eth0`,
    ),
  ];
}

/** The route by which an instance sends to another end, in the syntax of `ip route`. */
export function instanceRoute({ tenant }: LabPlan, to: { kind: string; node?: NodePlan }): string {
  const port = tenant?.podRoutes ? tenant.ports.find(({ node }) => node === to.node?.name) : undefined;
  return port ? `${to.node?.block} via ${port.address} dev eth0` : `default via ${tenant?.gateway} dev eth0`;
}
