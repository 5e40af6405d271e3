/** The topology as a Mermaid flowchart, which issue trackers draw. */
import {
  encapsulationText,
  fabricFacts,
  gatewaySessionUp,
  type LabPlan,
  linkFault,
  type NodePlan,
  peersOf,
  sessionUp,
} from "../../plan";

/** Number of nodes above which each session as a line of its own would hide the rest. */
const MOST_SESSIONS_DRAWN = 8;

/**
 * A flowchart: the gateway, the subnets with their nodes, pods and instances, a tenant network, and the BGP sessions, solid where they come up and
 * dashed where they do not. Colours are left to the tracker, which has a light and a dark theme; only broken sessions are
 * red.
 */
export function topologyChart(plan: LabPlan): string {
  const { gateway } = fabricFacts(plan);
  const idOf = new Map(plan.nodes.map(({ name }, i) => [name, `n${i}`]));
  const links: string[] = [];
  const broken: number[] = [];
  const link = (text: string, isBroken = false) => {
    if (isBroken) broken.push(links.length);
    links.push(text);
  };
  const routers = plan.sites?.map(({ router }) => router) ?? [gateway];
  const routerOf = (subnet: string) =>
    `router${Math.max(0, plan.sites?.findIndex(({ subnets }) => subnets.includes(subnet)) ?? 0) || ""}`;
  routers.forEach((_, i) => {
    link(`internet((internet)) --- router${i || ""}`);
  });
  if (plan.link) {
    const isUp = linkFault(plan) === undefined;
    link(isUp ? "router ===|IPsec| router1" : "router -. IPsec down .- router1", !isUp);
  }
  const subnets = plan.subnets.flatMap(({ name, cidr }, i) => {
    link(`${routerOf(name)} --- s${i}`);
    const nodes = plan.nodes.filter(({ subnet }) => subnet === name);
    return [
      `subgraph s${i}["${label(`${name} ${cidr}`)}"]`,
      ...nodes.map(
        (node) =>
          `  ${idOf.get(node.name)}["${label(`${node.name} ${node.address}`)}<br/>${[...node.pods, ...instancesOn(plan, node)].map((end) => label(`${end.name} ${end.address}`)).join("<br/>")}"]`,
      ),
      "end",
    ];
  });
  if (plan.bgp.enabled && plan.nodes.length <= MOST_SESSIONS_DRAWN) {
    const draw = (isUp: boolean, from = "", to = "") =>
      isUp ? link(`${from} ---|BGP| ${to}`) : link(`${from} -. BGP down .- ${to}`, true);
    for (const [a, b] of peersOf(plan)) draw(sessionUp(plan, a, b), idOf.get(a.name), idOf.get(b.name));
    if (plan.bgp.gatewayAsNumber !== undefined)
      for (const node of plan.nodes) draw(gatewaySessionUp(plan, node), idOf.get(node.name), "router");
  }
  const { tenant } = plan;
  for (const { node, address } of tenant?.ports ?? [])
    link(`${idOf.get(node)} ---|"${label(`port ${address}`)}"| tenant`);
  for (const { name, host } of tenant?.instances ?? [])
    link(`${idOf.get(host)} ---|"${label(name)}"| tenant`);
  const network = tenant ? [`tenant(["${label(`tenant network ${tenant.cidr}`)}"])`] : [];
  const styles = broken.length > 0 ? [`linkStyle ${broken.join(",")} stroke:#c4314b,color:#c4314b`] : [];
  return [
    "flowchart TB",
    ...routers.map((name, i) => `router${i || ""}[["${label(name)}"]]`),
    ...subnets,
    ...network,
    ...links,
    ...styles,
  ]
    .map((line, i) => (i === 0 ? line : `  ${line}`))
    .join("\n");
}

const instancesOn = ({ tenant }: LabPlan, { name }: NodePlan) =>
  tenant?.instances.filter(({ host }) => host === name) ?? [];

/** Text inside quotation marks: Mermaid reads entities, and `#` begins one. */
const label = (text: string): string =>
  text.replace(/#/g, "#35;").replace(/"/g, "#quot;").replace(/</g, "#lt;");

/** What the chart does not draw, in a sentence; undefined where it draws everything. */
export function notDrawn(plan: LabPlan): string | undefined {
  const { bgp, nodes } = plan;
  if (!bgp.enabled) return `BGP is disabled: ${encapsulationText(plan)} needs none.`;
  if (nodes.length <= MOST_SESSIONS_DRAWN) return undefined;
  return `The ${peersOf(plan).length + (bgp.gatewayAsNumber === undefined ? 0 : nodes.length)} BGP sessions are not drawn.`;
}
