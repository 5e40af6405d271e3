/** Checks the ranges of addresses: of subnets, pods and Services, and whether there is a block for each node. */
import type { LabConfig } from "../../config";
import { formatCidr, hasHostBits, overlap, parseCidr } from "../addressing";
import { INTERNET } from "../endpoint";
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

/** Prefix lengths of a subnet: those that EC2 accepts, or on existing machines all that have room for nodes. */
const SUBNET_PREFIX = {
  own: { min: 16, max: 28, why: "as EC2 requires" },
  others: { min: 8, max: 30, why: "to have room for nodes" },
};

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
  ].map((range) => ({ ...range, cidr: parseCidr(range.text) }));
  ranges.forEach(({ key, text, cidr }, i) => {
    if (hasHostBits(text))
      report(key, text, `it has bits set after its prefix; the network is ${formatCidr(cidr)}`);
    const clash = ranges.slice(0, i).find((other) => overlap(cidr, other.cidr));
    if (clash)
      report(key, text, `it overlaps ${clash.key} (${clash.text}); choose ranges that do not overlap`);
    const reserved = RESERVED_RANGES.find(([range]) => overlap(cidr, parseCidr(range)));
    if (reserved) report(key, text, `it overlaps ${reserved[0]}, ${reserved[1]}; choose a private range`);
  });
}

function checkPrefixes(config: LabConfig, report: Report): void {
  const { min, max, why } = SUBNET_PREFIX[ownsNetwork(placementOf(config)) ? "own" : "others"];
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
