/** Checks the ranges of addresses: of subnets, pods and Services, and whether there is a block for each node. */
import type { LabConfig } from "../../config";
import { blockOf, type Cidr, contains, formatCidr, hasHostBits, overlap, parseCidr } from "../addressing";
import { INTERNET } from "../endpoint";
import { fabricFacts } from "../fabric";
import { ownsNetwork, placementOf } from "../placement";
import type { Report } from "./report";

/** Ranges that already have a meaning, on every cloud or on the twin. */
const RESERVED_RANGES: readonly [string, string][] = [
  ["0.0.0.0/8", "this network"],
  ["127.0.0.0/8", "loopback"],
  ["169.254.0.0/16", "link-local: pods route via 169.254.1.1, and clouds serve metadata there"],
  [formatCidr(parseCidr(`${INTERNET.address}/${INTERNET.prefix}`)), "the twin's internet"],
  ["224.0.0.0/3", "multicast and reserved addresses"],
];

/** Prefix lengths that the API server accepts for its range of Services. */
const SERVICE_PREFIX = { min: 12, max: 28 };

/** Prefix lengths of existing machines' subnets: all that have room for nodes. */
const OTHERS_PREFIX = { min: 8, max: 30, why: "to have room for nodes" };

/** Checks every range, and that the pods' range has a block for each node. */
export function checkRanges(config: LabConfig, report: Report): void {
  checkOverlaps(config, report);
  checkPrefixes(config, report);
  checkBlocks(config, report);
}

function checkOverlaps(config: LabConfig, report: Report): void {
  const ranges = [
    { key: "podCidr", text: config.podCidr },
    { key: "serviceCidr", text: config.serviceCidr },
    ...config.topology.map(({ cidr }, i) => ({ key: `topology[${i}].cidr`, text: cidr })),
    ...(config.tenants ? [{ key: "tenants.cidr", text: config.tenants.cidr }] : []),
  ].map((range) => ({ ...range, cidr: parseCidr(range.text) }));
  ranges.forEach(({ key, text, cidr }, i) => {
    if (hasHostBits(text))
      report(key, text, `it has bits set after its prefix; the network is ${formatCidr(cidr)}`);
    const clash = ranges.slice(0, i).find((other) => overlap(cidr, other.cidr));
    if (clash) {
      const services = [key, clash.key].includes("serviceCidr") ? freeServices(config) : undefined;
      const wayOut = services
        ? `set serviceCidr to a free range such as ${services}`
        : "choose ranges that do not overlap";
      report(key, text, `it overlaps ${clash.key} (${clash.text}); ${wayOut}`);
    }
    const reserved = RESERVED_RANGES.find(([range]) => overlap(cidr, parseCidr(range)));
    if (reserved) report(key, text, `it overlaps ${reserved[0]}, ${reserved[1]}; choose a private range`);
  });
}

/** Where {@link freeServices} looks: RFC 1918, in the order in which clusters use them for Services. */
const PRIVATE_RANGES = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

/**
 * A range for Services that overlaps neither nodes nor pods; undefined if there is none. The first address stays if that
 * is possible with a longer prefix, so that the cluster's DNS keeps its usual address.
 */
function freeServices({ podCidr, serviceCidr, topology }: LabConfig): string | undefined {
  const used = [podCidr, ...topology.map(({ cidr }) => cidr), ...RESERVED_RANGES.map(([range]) => range)];
  const taken = used.map(parseCidr);
  const { first, prefix } = parseCidr(serviceCidr);
  const longer = [16, 20, 24].filter((length) => length > prefix);
  const isPrivate = PRIVATE_RANGES.some((range) => contains(parseCidr(range), first));
  const candidates = [
    ...(isPrivate ? longer.map((length) => ({ first, prefix: length })) : []),
    ...[prefix, ...longer].flatMap((length) => PRIVATE_RANGES.flatMap((range) => blocksIn(range, length))),
  ];
  const free = candidates.find(
    (range) => range.prefix >= SERVICE_PREFIX.min && !taken.some((one) => overlap(one, range)),
  );
  return free && formatCidr(free);
}

/** The first blocks of a prefix length in a range, as many as a search needs. */
function blocksIn(range: string, length: number): Cidr[] {
  const pool = parseCidr(range);
  const count = Math.min(2 ** Math.max(length - pool.prefix, 0), 256);
  return length < pool.prefix ? [] : Array.from({ length: count }, (_, i) => blockOf(pool, length, i));
}

function checkPrefixes(config: LabConfig, report: Report): void {
  const placement = placementOf(config);
  const { min, max, why } = ownsNetwork(placement) ? fabricFacts(placement).prefixes : OTHERS_PREFIX;
  const limits = [
    { key: "serviceCidr", text: config.serviceCidr, ...SERVICE_PREFIX, why: "as the API server requires" },
    ...config.topology.map(({ cidr }, i) => ({ key: `topology[${i}].cidr`, text: cidr, min, max, why })),
  ];
  for (const limit of limits) {
    const { prefix } = parseCidr(limit.text);
    if (prefix >= limit.min && prefix <= limit.max) continue;
    report(limit.key, limit.text, `must have a prefix from /${limit.min} to /${limit.max}, ${limit.why}`);
  }
}

function checkBlocks({ podCidr, blockSize, topology }: LabConfig, report: Report): void {
  const { prefix } = parseCidr(podCidr);
  if (blockSize < prefix) {
    report("blockSize", blockSize, `a block cannot be larger than podCidr ${podCidr}`);
    return;
  }
  const blocks = 2 ** (blockSize - prefix);
  const nodes = topology.flatMap((subnet) => subnet.nodes).length;
  if (blocks >= nodes) return;
  report(
    "podCidr",
    podCidr,
    `it has ${blocks} blocks of /${blockSize} for ${nodes} nodes; use a larger podCidr or a larger blockSize number`,
  );
}
