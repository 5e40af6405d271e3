/** What is said of each fabric, and what several of them have in common. */

/** What a fabric does to the packets of its nodes. */
export interface FabricFacts {
  /** What sentences call it. */
  name: string;
  /** The node's network interface, as the cloud's Ubuntu image names it. */
  nic: string;
  /** Default MTU of the link in bytes. */
  mtu: number;
  /** The largest MTU in bytes that the fabric carries; undefined where none is documented. */
  maxMtu?: number;
  /** Whether every node is behind a stateful security group that the lab sets. */
  securityGroup: boolean;
  /**
   * Whether a rule that names the security group also matches the pod addresses that anti-spoofing lets through. Where it
   * does not, un-encapsulated packets need a rule for the pod CIDR.
   */
  groupHasPods: boolean;
  /** The check that drops packets whose address is not the node's own; undefined where there is none. */
  antiSpoofing: AntiSpoofing | undefined;
  /** What the cloud calls the router between subnets. It knows the subnets, not the pods. */
  gateway: string;
  /** Whose packets to the internet the gateway translates: only those of the subnets' addresses, or any. */
  snat: "subnets" | "any";
  /** What `podRoutes` does on this fabric, as an instruction to the owner of the network. */
  podRoutes: string;
  /** The cloud's own firewall, where it has one that the lab does not set. */
  ownFirewall?: string;
  /**
   * Set where nodes of one subnet are no neighbours on layer 2. Their packets pass the cloud's router, which looks at the
   * destination and knows no pods, so a direct path fails inside a subnet as it does between subnets.
   */
  layer3?: Layer3;
  /** Set where the fabric drops IP protocol 4. */
  dropsIpip?: { fix: string; reference: string };
  /** How many addresses at the start of a subnet no node can have; the network's own is the first. */
  reserved: number;
  /** Prefix lengths that a subnet can have, both included, and why. */
  prefixes: { min: number; max: number; why: string };
}

/** A fabric without a layer 2. */
export interface Layer3 {
  /**
   * The prefix length that a node's address has on its interface, in bits; undefined where it is the subnet's. Calico
   * records it, so with 32 CrossSubnet never finds two nodes in one subnet, and uses its tunnel everywhere.
   */
  hostPrefix?: 32;
  /** URL of the page or issue that says so. */
  reference: string;
}

/** A cloud's anti-spoofing check, in the cloud's own terms. */
export interface AntiSpoofing {
  /** Its name, in a form that can be the subject of a sentence. */
  name: string;
  /** Which address it looks at where a packet leaves its node (`out`), and where it reaches one (`in`). */
  checks: { out: readonly "source"[]; in: readonly ("source" | "destination")[] };
  /** The fault that leaves it on although the encapsulation needs it off, if the lab can have one. */
  fault?: "source-dest-check" | "port-security";
  /** Whether it lets a pod address through exactly where there is a route to it (`podRoutes`). */
  followsRoutes?: true;
  /** How to make it let pod addresses through, as an instruction. */
  fix: string;
  /** URL of the page that documents it. */
  reference: string;
}

/** A check of both addresses at the node's own port. */
export const BOTH = { out: ["source"], in: ["destination"] } as const;

/** What a network has of which nothing else is known. */
export const PLAIN: FabricFacts = {
  name: "the network",
  nic: "eth0",
  mtu: 1500,
  securityGroup: false,
  groupHasPods: false,
  antiSpoofing: undefined,
  gateway: "router",
  snat: "subnets",
  podRoutes: "give the gateway a route per node block",
  reserved: 1,
  prefixes: { min: 8, max: 30, why: "to have room for nodes" },
};
