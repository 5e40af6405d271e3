/** Names of the fabric's namespaces and interfaces, and MAC addresses. */
import { createHash } from "node:crypto";

/** The namespace of all the fabric's bridges. */
export const FABRIC = "fabric";
export const ROUTER = "router";
/** The namespace of the twin's internet. Node containers have the real one. */
export const INTERNET_HOST = "internet";

/** The router's interface to the twin's internet. */
export const EXTERNAL = "ext0";

/** The interfaces of a subnet, by an id of at most 9 characters: Linux takes 15 in an interface name. */
export interface SubnetDevices {
  /** The bridge in the fabric. */
  bridge: string;
  /** The bridge's port to the router. */
  gateway: string;
  /** The router's interface in the subnet. */
  nic: string;
}

/** The interfaces of the subnet with this id. The twin numbers its subnets by their place in the plan. */
export const subnetDevices = (id: number | string): SubnetDevices => ({
  bridge: `subnet${id}`,
  gateway: `gw${id}`,
  nic: `eth${id}`,
});

/** The twin's router's interface in a subnet, by the subnet's place in the plan. */
export const routerDevice = (subnet: number): string => subnetDevices(subnet).nic;

/**
 * Interfaces of a node's port, built as Neutron's hybrid driver builds one: `tap` to the node, a bridge `qbr` of its
 * own for the security group, and a veth pair `qvb`/`qvo` to the subnet. Named after the node. Do not use the index:
 * removing a node shifts the others, and we would delete the wrong port.
 */
export function port(node: string) {
  const id = createHash("sha1").update(node).digest("hex").slice(0, 11);
  return { tap: `tap${id}`, bridge: `qbr${id}`, inner: `qvb${id}`, outer: `qvo${id}` };
}

/** MAC made from an address: what is rebuilt has the MAC that its neighbours remember. */
export const macOf = (address: string): string =>
  ["02", "00", ...address.split(".").map((octet) => Number(octet).toString(16).padStart(2, "0"))].join(":");
