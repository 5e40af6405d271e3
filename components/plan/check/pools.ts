/** Checks the key `ipPools` against the nodes, the pods' range, and what else the lab has. */
import type { LabConfig } from "../../config";
import { contains, formatCidr, hasHostBits, overlap, parseCidr } from "../addressing";
import { ENCAPSULATION_FACTS } from "../encapsulation";
import { type PoolPlan, planPools, selects } from "../pool";
import { planBlocks } from "../pool-blocks";
import { listed } from "../row";
import { checkNodeNames, nodeNames } from "./node-names";
import type { Report } from "./report";

/** Checks `ipPools`. */
export function checkPools(config: LabConfig, report: Report): void {
  const { ipPools: written } = config;
  const pools = planPools(config);
  if (!written || !pools) return;
  const keyOf = ({ name }: PoolPlan) => `ipPools[${written.findIndex((one) => one.name === name)}]`;
  checkCalico(config, report);
  const before = new Set<string>();
  written.forEach(({ name, cidr, nodes }, i) => {
    const key = `ipPools[${i}]`;
    if (before.has(name)) report(`${key}.name`, name, "another pool has that name; names must be unique");
    before.add(name);
    if (hasHostBits(cidr))
      report(
        `${key}.cidr`,
        cidr,
        `it has bits set after its prefix; the network is ${formatCidr(parseCidr(cidr))}`,
      );
    const clash = written.slice(0, i).findIndex((one) => overlap(parseCidr(one.cidr), parseCidr(cidr)));
    if (clash !== -1)
      report(
        `${key}.cidr`,
        cidr,
        `it overlaps ipPools[${clash}].cidr (${written[clash]?.cidr}); Calico refuses pools that overlap`,
      );
    checkNodeNames(config, nodes ?? [], `${key}.nodes`, report);
  });
  if (before.size < written.length) return;
  for (const pool of pools) if (!pool.disabled) checkRange(config, pool, keyOf(pool), report);
  checkRoom(pools, nodeNames(config), keyOf, report);
}

/** Without Calico nothing takes addresses of pools. */
function checkCalico({ ipPools, calico }: LabConfig, report: Report): void {
  const names = ipPools?.map(({ name }) => name).join(", ");
  if (calico?.install === "none")
    report("ipPools", names, "IPPools are Calico's; take them out, or calico.install: none");
}

function checkRange(
  { podCidr }: LabConfig,
  { cidr, blockSize }: PoolPlan,
  key: string,
  report: Report,
): void {
  const [all, own] = [parseCidr(podCidr), parseCidr(cidr)];
  if (own.prefix < all.prefix || !contains(all, own.first))
    report(
      `${key}.cidr`,
      cidr,
      `an enabled pool must be inside podCidr ${podCidr}, the cluster's range of pod addresses; use a larger podCidr`,
    );
  if (blockSize < own.prefix)
    report(`${key}.blockSize`, blockSize, `a block cannot be larger than the pool's cidr ${cidr}`);
}

/** Every node needs a pool for its pods, and every pool enough blocks. */
function checkRoom(
  pools: readonly PoolPlan[],
  nodes: readonly string[],
  keyOf: (pool: PoolPlan) => string,
  report: Report,
): void {
  const without = nodes.filter((node) => !pools.some((pool) => selects(pool, node, "Workload")));
  if (without.length > 0)
    report(
      "ipPools",
      pools.map(({ name }) => name).join(", "),
      `no enabled pool for Workload selects ${listed(without)}, so pods there would get no address; put the name into the nodes of a pool, or add a pool without nodes`,
    );
  const { taken } = planBlocks(pools, nodes);
  for (const pool of pools) {
    const { prefix } = parseCidr(pool.cidr);
    const [blocks, needed] = [2 ** (pool.blockSize - prefix), taken.get(pool.name) ?? 0];
    if (pool.blockSize < prefix || blocks >= needed) continue;
    const { tunnel } = ENCAPSULATION_FACTS[pool.encapsulation];
    report(
      `${keyOf(pool)}.cidr`,
      pool.cidr,
      `it has ${blocks} blocks of /${pool.blockSize} for ${needed} nodes${tunnel ? ", those with only a tunnel's address included" : ""}; use a larger cidr or a larger blockSize number`,
    );
  }
}
