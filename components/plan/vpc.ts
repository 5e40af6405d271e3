/** The block of addresses of a VPC on AWS. */
import { contains, formatCidr, overlap, parseCidr } from "./addressing";

/** Prefix length of the largest VPC block: EC2 takes /16 to /28 (EC2 API: CreateVpc). */
const LARGEST = 16;

/**
 * The VPC's CIDR block: the largest that holds all subnets and does not overlap podCidr. The largest, because a subnet
 * can then be added later, whereas another block means another VPC and new machines. No overlap, because a VPC takes no
 * route to an address inside its own block.
 * @returns undefined when no block holds the subnets. The check of the config refuses them.
 */
export function findVpcCidr(subnets: readonly string[], podCidr: string): string | undefined {
  const cidrs = subnets.map(parseCidr);
  const smallest = Math.min(...cidrs.map(({ prefix }) => prefix));
  for (let prefix = LARGEST; prefix <= smallest; prefix++) {
    const block = parseCidr(`${subnets[0]?.split("/")[0]}/${prefix}`);
    if (!cidrs.every(({ first }) => contains(block, first))) return undefined;
    if (!overlap(block, parseCidr(podCidr))) return formatCidr(block);
  }
  return undefined;
}

/** What is wrong with subnets that no VPC can hold. */
export const noVpc = (podCidr: string): string =>
  `a VPC has one block of at most a /${LARGEST}, and no such block holds these subnets without overlapping podCidr ${podCidr}; use subnets inside one /${LARGEST}, such as 10.0.3.0/24 and 10.0.4.0/24, and a podCidr outside it`;

/** The VPC's block of a plan. The check of its config has made sure that there is one. */
export const vpcCidr = ({
  subnets,
  ipPool,
}: {
  subnets: readonly { cidr: string }[];
  ipPool: { cidr: string };
}): string =>
  findVpcCidr(
    subnets.map(({ cidr }) => cidr),
    ipPool.cidr,
  ) as string;
