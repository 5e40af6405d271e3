/** Other addresses for a lab that is shown in public. */
import {
  type Cidr,
  contains,
  formatCidr,
  INTERNET,
  type LabPlan,
  overlap,
  parseCidr,
  toAddress,
  toNumber,
} from "../../plan";

/** Gives each text a number, from 0, and makes another text of that. */
export function numbered(textOf: (index: number) => string): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const other = known.get(text) ?? textOf(known.size);
    known.set(text, other);
    return other;
  };
}

/** Addresses that say nothing of a network: the twin's internet, Calico's next hop for pods, loopback, "any". */
const PUBLIC = ["203.0.113.0/24", "169.254.1.1/32", "127.0.0.0/8", "0.0.0.0/32"].map(parseCidr);

/** Where addresses go that are in no range of the lab, one after the other (RFC 5737). */
const OTHERS = parseCidr("198.51.100.0/24");

/** Where the ranges of pods, Services and a tenant network go. The nodes' are far below. */
const POOLS = toNumber("172.16.0.0");

/** The parts of a range that are in the nodes' subnets, or that are the twin's internet. */
export function partsOf({ cidr }: { cidr: string }, { subnets }: Pick<LabPlan, "subnets">): string[] {
  const range = parseCidr(cidr);
  const others = [...subnets.map((subnet) => parseCidr(subnet.cidr)), parseCidr(`${INTERNET.address}/32`)];
  return others
    .filter((other) => overlap(other, range))
    .map((other) => formatCidr(other.prefix > range.prefix ? other : range));
}

/**
 * Moves each range of a plan to another place. What is inside keeps its place there, so routes and blocks stay right.
 * @returns gives an address another one. An address with a prefix length keeps that.
 */
export function addressesFor(plan: LabPlan): (match: string, prefix?: string) => string {
  const subnets = plan.subnets.map(({ cidr }) => parseCidr(cidr));
  const nodeAddress = nodeAddresses(subnets);
  let next = POOLS;
  const apart = (plan.ipPools ?? []).filter((pool) => pool.disabled && partsOf(pool, plan).length === 0);
  const ranges = [
    plan.ipPool.cidr,
    plan.serviceCidr,
    ...(plan.tenant ? [plan.tenant.cidr] : []),
    // One in the range of the others goes where that goes.
    ...apart.map(({ cidr }) => cidr).filter((cidr) => !overlap(parseCidr(cidr), parseCidr(plan.ipPool.cidr))),
  ];
  const pools = ranges.map((cidr) => {
    const range = parseCidr(cidr);
    const size = 2 ** (32 - range.prefix);
    const first = Math.ceil(next / size) * size;
    next = first + size;
    return { range, first };
  });
  const elsewhere = numbered((i) => toAddress(OTHERS.first + 1 + (i % 254)));
  return (match, prefix = "") => {
    const text = match.slice(0, match.length - prefix.length);
    if (text === INTERNET.address || text.split(".").some((part) => Number(part) > 255)) return match;
    const number = toNumber(text);
    if (PUBLIC.some((range) => contains(range, number))) return match;
    if (subnets.some((range) => contains(range, number))) return nodeAddress(text) + prefix;
    const pool = pools.find(({ range }) => contains(range, number));
    return (pool ? toAddress(pool.first + number - pool.range.first) : elsewhere(text)) + prefix;
  };
}

/**
 * Other addresses for nodes, in the same order as texts: Calico compares them as texts to decide which of two nodes opens
 * their BGP session, so another order would be another verdict. Octets that belong to the network alone get a number by
 * their rank among those beside them, from 10 in the first place and from 100 in the others, where all have as many digits.
 * Octets with a part of the host stay.
 */
function nodeAddresses(subnets: readonly Cidr[]): (address: string) => string {
  const ranks = new Map<string, Map<string, number>>();
  const rank = (group: readonly Cidr[], place: number, before: string): void => {
    if (group.some(({ prefix }) => prefix < 8 * (place + 1))) return;
    const octetOf = ({ first }: Cidr) => toAddress(first).split(".")[place] as string;
    const octets = [...new Set(group.map(octetOf))].sort();
    const start = place === 0 ? 10 : 100;
    ranks.set(before, new Map(octets.map((octet, i) => [octet, start + i])));
    for (const octet of octets) {
      const inside = group.filter((one) => octetOf(one) === octet);
      rank(inside, place + 1, `${before}${octet}.`);
    }
  };
  rank(subnets, 0, "");
  return (address) => {
    let before = "";
    return address
      .split(".")
      .map((octet) => {
        const other = ranks.get(before)?.get(octet);
        before += `${octet}.`;
        return other ?? octet;
      })
      .join(".");
  };
}
