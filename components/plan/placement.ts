/** Where a lab is: on which fabric, and on whose machines. */
import { type Cloud, CONTAINERS, type Fabric, type LabConfig, type NeutronBackend } from "../config";

/** Where a lab is. */
export interface Placement {
  cloud: Cloud;
  /** Whose network rules apply: the cloud's own on AWS and OpenStack, else the key `fabric`, by default `plain`. */
  fabric: Fabric;
  /** On the fabric `openstack`: what runs below Neutron. Undefined where that is not known, and on other fabrics. */
  backend?: NeutronBackend;
  /** True when the network twin stands in for the cloud (`cloud: twin`, or `rehearse: twin`). */
  onTwin: boolean;
  /** True when the machines are node containers (`hosts.machines: containers`, or `rehearse: containers`). */
  onContainers: boolean;
  /** True when the whole lab is on this machine: the twin, or node containers. Such a lab costs nothing. */
  onThisMachine: boolean;
}

/** Where the lab of a config is. */
export function placementOf({ cloud, fabric: chosen, rehearse, hosts, openstack }: LabConfig): Placement {
  const onTwin = rehearse === true || (cloud === "twin" && rehearse !== "containers");
  const isOfContainers = cloud === "hosts" && hosts?.machines === CONTAINERS;
  const onContainers = !onTwin && (rehearse === "containers" || isOfContainers);
  const fabric = cloud === "aws" || cloud === "openstack" ? cloud : (chosen ?? "plain");
  const backend = fabric === "openstack" ? openstack?.backend : undefined;
  return {
    cloud,
    fabric,
    ...(backend && { backend }),
    onTwin,
    onContainers,
    onThisMachine: onTwin || onContainers,
  };
}

/**
 * Whether the network is the lab's own: it chooses the addresses, and `podRoutes: static` can program the gateway between
 * the subnets. The network of existing machines belongs to their owner; the lab makes the one of node containers.
 */
export const ownsNetwork = ({ cloud, onThisMachine }: Pick<Placement, "cloud" | "onThisMachine">): boolean =>
  cloud !== "hosts" || onThisMachine;
