/** The section `tenants`: a tenant network of OpenStack whose compute hosts are the lab's nodes. */
import { MAX_NODES } from "./topology";
import { address, cidr, flag, list, name, oneOf, section } from "./value";

/** What a security group of a tenant network lets in. */
export const TENANT_PROTOCOLS = ["icmp", "tcp", "udp"] as const;
/** One of the {@link TENANT_PROTOCOLS}. */
export type TenantProtocol = (typeof TENANT_PROTOCOLS)[number];

/** The most instances of a tenant network: each costs a probe from every node, and one to every node. */
const MAX_INSTANCES = 4;

const instance = section({
  /** The instance's name: at most 32 lower-case letters, digits and hyphens. */
  name: name(),
  /** The node that is its compute host. */
  host: name(),
  /** Its IPv4 address in the tenant network. */
  address: address(),
});

/** A tenant network. */
export const tenants = section({
  /** The tenant network's range, from /16 to /28. Its first address is that of the tenant's router. */
  cidr: cidr(),
  /** The tenant's instances: a list of `{ name, host, address }`. */
  instances: list(instance, 1, MAX_INSTANCES, "instances, each { name, host, address }"),
  /** The nodes with a Neutron port of the network on their own br-int: names of nodes. Default: none. */
  ports: list(name(), 0, MAX_NODES, "names of nodes").optional(),
  /** What the security group of instances and ports lets in: of `icmp`, `tcp`, `udp`. Default: all three. */
  securityGroup: list(oneOf(TENANT_PROTOCOLS), 0, TENANT_PROTOCOLS.length, "of icmp, tcp, udp").optional(),
  /**
   * Whether the tenant network knows pods: the subnet's host routes lead to each port's node for that node's block, and the
   * port's allowed address pairs have the block. Default: `false`.
   */
  podRoutes: flag().optional(),
});
