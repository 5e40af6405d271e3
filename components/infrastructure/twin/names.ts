/** Names of the twin's namespaces and of the fabric's interfaces. */

/** The namespace in which all bridges of the fabric live. */
export const FABRIC = "fabric";
export const ROUTER = "router";
export const INTERNET_HOST = "internet";

/** A subnet's bridge. Interfaces are numbered, because a name of 15 characters is all that Linux takes. */
export const subnetBridge = (subnet: number): string => `subnet${subnet}`;

/**
 * A node's port, built as Neutron's hybrid driver builds one: `tap` to the node, a bridge `qbr` of its own at which the
 * security group stands, and a veth pair `qvb`/`qvo` to the subnet.
 */
export const port = (node: number) => ({
  tap: `tap${node}`,
  bridge: `qbr${node}`,
  inner: `qvb${node}`,
  outer: `qvo${node}`,
});
