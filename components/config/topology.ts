/** The subnets and their nodes. */
import { z } from "zod";
import { ROLES } from "./choices";
import { address, cidr, list, name, oneOf, section } from "./value";

/** Maximum number of nodes: as many as a range of pod addresses of /16 has blocks of /26, rounded down. */
export const MAX_NODES = 1000;

/** A node as the config gives it. */
export interface Node {
  name: string;
  role?: (typeof ROLES)[number];
  address?: string;
}

/** A subnet with its nodes, checked key by key. */
export interface Subnet {
  name: string;
  cidr: string;
  nodes: Node[];
}

const named = (nodeName: string): Node => ({ name: nodeName, role: undefined, address: undefined });

const node = z.union(
  [
    name().transform(named),
    z.strictObject({
      /** The node's name: at most 32 lower-case letters, digits and hyphens. */
      name: name(),
      /** Exactly one node is the control plane. Default: the first node of the topology. */
      role: oneOf(ROLES).optional(),
      /** Fixed private IPv4 address. Default: the next free one of the subnet. */
      address: address().optional(),
    }),
  ],
  { error: "must be a node's name, or { name, role, address }" },
);

const subnet = section({
  /** The subnet's name: at most 32 lower-case letters, digits and hyphens. */
  name: name(),
  /** The subnet's range, from /16 to /28. On existing machines from /8 to /30. */
  cidr: cidr(),
  /** The nodes: each a name, or an object. May be left out only where `hosts.machines` name this subnet. */
  nodes: list(node, 1, MAX_NODES, "nodes").optional(),
});

/** The value of the key `topology`. */
export const topology = () => list(subnet, 1, MAX_NODES, "subnets, each { name, cidr, nodes }");

/** The topology of a lab whose config has none, unless existing machines say what the subnets are. */
export const DEFAULT_TOPOLOGY: Subnet[] = [
  { name: "a", cidr: "10.0.3.0/24", nodes: [named("cp1"), named("w1")] },
  { name: "b", cidr: "10.0.4.0/24", nodes: [named("w2"), named("w3")] },
];
