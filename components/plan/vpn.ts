/** The interface of another network that Calico takes for a node's own by mistake: the fault `node-ip-wrong-interface`. */
import { blockOf, overlap, parseCidr, toAddress } from "./addressing";
import type { LabPlan } from "./lab";
import type { NodePlan } from "./topology";

/** The interface's name. A VPN's interface often comes first in Calico's autodetection (`first-found`). */
export const VPN_INTERFACE = "vpn0";

/** Where VPNs are: each lab's is the first /16 in these that is nothing else in the lab. OpenVPN's default is 10.8.0.0/24. */
const RANGES = ["10.8.0.0/13", "10.0.0.0/8", "172.16.0.0/12"];

type Ranges = Pick<LabPlan, "ipPool" | "serviceCidr" | "subnets" | "tenant">;

/** The VPN's range, a CIDR: not one of the lab's own ranges, so that no packet to it finds its way between the nodes. */
export function vpnRange({ ipPool, serviceCidr, subnets, tenant }: Ranges): { cidr: string; first: number } {
  const subnetRanges = subnets.map(({ cidr }) => cidr);
  const taken = [ipPool.cidr, serviceCidr, ...subnetRanges, ...(tenant ? [tenant.cidr] : [])].map(parseCidr);
  const blocks = RANGES.map(parseCidr).flatMap((range) =>
    Array.from({ length: 2 ** (16 - range.prefix) }, (_, i) => blockOf(range, 16, i)),
  );
  const isFree = (block: (typeof blocks)[number]) => !taken.some((one) => overlap(one, block));
  // The ranges of a lab are a few, and cannot fill all of these.
  const { first } = blocks.find(isFree) ?? (blocks[0] as (typeof blocks)[number]);
  return { cidr: `${toAddress(first)}/16`, first };
}

/** A node's own address on the VPN. VPNs give single addresses (/32), without a subnet. */
export const vpnAddress = (plan: Ranges, { index }: Pick<NodePlan, "index">): string =>
  toAddress(vpnRange(plan).first + index + 1);

/** Whether Calico has recorded the VPN's address as the node's own. */
export const isMisrecorded = ({ host }: Pick<NodePlan, "host">): boolean =>
  host.broken.includes("node-ip-wrong-interface");

/** The address that Calico has recorded for a node, without its prefix length: where other nodes send their tunnels. */
export const recordedIp = ({ recordedAddress }: Pick<NodePlan, "recordedAddress">): string =>
  recordedAddress.replace(/\/.*/, "");
