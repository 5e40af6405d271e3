/** A twin's nodes held against the nodes of a real cluster: what a user sees on both. */
import { parseConfig } from "../../components/config";
import { planLab } from "../../components/plan";
import type { HostsLab } from "./hosts";
import { differences, lookAt, type Named } from "./look";
import type { TwinUnderTest } from "./twin";

/**
 * Brings the twin to the cluster's encapsulation and compares all nodes.
 * @returns what a user sees on a node of only one of them; empty if there is nothing.
 */
export async function differencesFromTwin(lab: HostsLab, twin: TwinUnderTest): Promise<string[]> {
  const plan = planLab(parseConfig({ encapsulation: lab.plan.encapsulation }));
  await twin.bring(plan);
  await twin.observe(plan);
  const model: Named = {
    blocks: new Map(plan.nodes.map(({ name, block }) => [name, [block]])),
    tunnelAddresses: new Map(plan.nodes.map(({ name, tunnelAddress }) => [name, tunnelAddress])),
  };
  const real = await namesIn(lab);
  const found: string[] = [];
  for (const node of plan.nodes) {
    const cluster = await lookAt(async (name, line) => lab.machines.on(name, line), plan, node, real);
    const played = await lookAt((name, line) => twin.on(name, line), plan, node, model);
    found.push(...differences(cluster, played).map((line) => `${node.name}, ${line}`));
  }
  return found;
}

/** The addresses that Calico has given to the nodes. */
async function namesIn(lab: HostsLab): Promise<Named> {
  const blocks = new Map<string, string[]>();
  for (const line of (await lab.blocks()).split("\n")) {
    const [block = "", node = ""] = line.split(" ");
    blocks.set(node, [...(blocks.get(node) ?? []), block]);
  }
  const annotation =
    'jsonpath={range .items[*]}{.metadata.name}{" "}{.metadata.annotations.projectcalico\\.org/IPv4VXLANTunnelAddr}{"\\n"}{end}';
  const annotated = await lab.kubectl(["get", "nodes", "-o", annotation]);
  const addresses = annotated
    .split("\n")
    .map((line) => line.split(" ") as [string, string])
    .filter(([, address]) => address);
  return { blocks, tunnelAddresses: new Map(addresses) };
}
