/** Of which IPPools the addresses of a cluster's nodes are: as the plan has it, and as a real Calico has taken them. */
import assert from "node:assert/strict";
import { blocksOf, type LabPlan, poolAt } from "../../components/plan";
import { APPS, NAMESPACE } from "../../components/study/cluster/manifest";
import type { MachinesLab } from "./machines-lab";

/** What of a node is of which pool. */
interface Owned {
  node: string;
  /** Addresses of its pods, its tunnel's address, and its blocks. */
  pods: readonly string[];
  vxlan: string | undefined;
  blocks: readonly string[];
}

/** In words, so that a difference can be read. Blocks in a pool count once, and with their size: Calico chooses which. */
function inWords(plan: LabPlan, { node, pods, vxlan, blocks }: Owned): string {
  const poolOf = (address: string) => poolAt(plan, address)?.name ?? `no pool (${address})`;
  const kinds = (all: readonly string[]) => [...new Set(all)].sort().join(", ");
  const sized = blocks.map((block) => `${poolOf(block.split("/")[0] ?? "")} /${block.split("/")[1]}`);
  return `${node}: pods of ${kinds(pods.map(poolOf))}; VXLAN of ${vxlan ? poolOf(vxlan) : "none"}; blocks of ${kinds(sized)}`;
}

/** What the plan says. */
export const plannedPools = (plan: LabPlan): string[] =>
  plan.nodes.map((node) =>
    inWords(plan, {
      node: node.name,
      pods: node.pods.map(({ address }) => address),
      vxlan: node.tunnels?.vxlan?.address,
      blocks: blocksOf(node),
    }),
  );

/** What the cluster has, with the study's pods in it. */
export async function takenPools(lab: MachinesLab): Promise<string[]> {
  const read = async (...argv: string[]) =>
    JSON.parse(await lab.kubectl(["get", ...argv, "-o", "json"])).items;
  const pods: {
    metadata: { labels: { app: string } };
    spec: { nodeName: string };
    status: { podIP: string };
  }[] = await read("pods", "-n", NAMESPACE);
  const nodes: { metadata: { name: string; annotations: Record<string, string> } }[] = await read("nodes");
  const blocks = (await lab.blocks()).split("\n").map((line) => line.split(" "));
  return lab.plan.nodes.map(({ name }) => {
    const own = pods.filter(
      ({ metadata, spec }) => metadata.labels.app !== APPS.node && spec.nodeName === name,
    );
    assert.ok(own.length > 0, `the study has no pod on ${name}`);
    return inWords(lab.plan, {
      node: name,
      pods: own.map(({ status }) => status.podIP),
      vxlan: nodes.find(({ metadata }) => metadata.name === name)?.metadata.annotations[
        "projectcalico.org/IPv4VXLANTunnelAddr"
      ],
      blocks: blocks.flatMap(([block, node]) => (block && node === name ? [block] : [])),
    });
  });
}
