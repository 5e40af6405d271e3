/** What of a lab is in OpenStack: its kinds, and by what it is found. */

/** A resource of a lab in OpenStack. */
export interface Thing {
  kind: Kind;
  /** As the provider's state has it. */
  id: string;
  name: string;
  /** Id of the lab. Undefined if a version made it whose labs had none. */
  lab?: string;
  /** For what is in a router: its id, and the subnet, or the destination with its next hop. */
  router?: string;
  subnet?: string;
  /** Of a router's interface: the subnet's CIDR, if the subnet is the lab's. */
  cidr?: string;
  route?: { destination: string; nexthop: string };
}

/** In the order in which they can be deleted. */
export const KINDS = [
  "server",
  "floating ip",
  "vpn ipsec site connection",
  "vpn endpoint group",
  "vpn ipsec policy",
  "vpn ike policy",
  "vpn service",
  "router route",
  "router interface",
  "port",
  "router",
  "subnet",
  "network",
  "security group rule",
  "security group",
  "keypair",
] as const;
export type Kind = (typeof KINDS)[number];

/** Which labs to look for. */
export interface Marks {
  stack: string;
  /** Ids of labs whose resources are found even without their tags. Default: none. */
  labs?: readonly string[];
  /** Only the resources of these labs. Default: those of every lab of that stack name. */
  only?: boolean;
}
