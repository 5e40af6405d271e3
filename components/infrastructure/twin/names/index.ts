/** Names of the twin's namespaces and of the fabric's interfaces. */
import { createHash } from "node:crypto";

/** The namespace of all the fabric's bridges. */
export const FABRIC = "fabric";
export const ROUTER = "router";
export const INTERNET_HOST = "internet";

/** The router's interface in a subnet, by the subnet's place in the plan, and the one to the internet. */
export const routerDevice = (subnet: number): string => `eth${subnet}`;
export const EXTERNAL = "ext0";

/** Name of a subnet's bridge. Numbered, because Linux takes at most 15 characters in an interface name. */
export const subnetBridge = (subnet: number): string => `subnet${subnet}`;

/**
 * Interfaces of a node's port, built as Neutron's hybrid driver builds one: `tap` to the node, a bridge `qbr` of its
 * own for the security group, and a veth pair `qvb`/`qvo` to the subnet. Named after the node. Do not use the index:
 * removing a node shifts the others, and we would delete the wrong port.
 */
export function port(node: string) {
  const id = createHash("sha1").update(node).digest("hex").slice(0, 11);
  return { tap: `tap${id}`, bridge: `qbr${id}`, inner: `qvb${id}`, outer: `qvo${id}` };
}
