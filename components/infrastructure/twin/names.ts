/** Names of the twin's namespaces and of the fabric's interfaces. */
import { createHash } from "node:crypto";

/** The namespace in which all bridges of the fabric live. */
export const FABRIC = "fabric";
export const ROUTER = "router";
export const INTERNET_HOST = "internet";

/** A subnet's bridge. Interfaces are numbered, because a name of 15 characters is all that Linux takes. */
export const subnetBridge = (subnet: number): string => `subnet${subnet}`;

/**
 * A node's port, built as Neutron's hybrid driver builds one: `tap` to the node, a bridge `qbr` of its own at which the
 * security group stands, and a veth pair `qvb`/`qvo` to the subnet. Named after the node and not after its place in the
 * lab: places shift when a node is taken out, and the one taken out would take away a port that is another's by then.
 */
export function port(node: string) {
  const id = createHash("sha1").update(node).digest("hex").slice(0, 11);
  return { tap: `tap${id}`, bridge: `qbr${id}`, inner: `qvb${id}`, outer: `qvo${id}` };
}
