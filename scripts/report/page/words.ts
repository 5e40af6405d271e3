/** Sentences about a plan. */
import {
  carrierBetween,
  fabricFacts,
  gatewaySessionUp,
  judge,
  type LabPlan,
  linkFault,
  peersOf,
  rowKey,
  sessionUp,
  type TenantPlan,
  TUNNELS,
} from "../../../components/plan";

/** A part of a sentence as a sentence of its own. */
export const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** How many BGP sessions come up, of all. */
export function sessions(plan: LabPlan): string {
  const { nodes } = plan;
  const withGateway = plan.bgp.gatewayAsNumber === undefined ? [] : nodes;
  const all = [
    ...peersOf(plan).map(([a, b]) => sessionUp(plan, a, b)),
    ...withGateway.map((node) => gatewaySessionUp(plan, node)),
  ];
  return `${all.filter(Boolean).length} of ${all.length} sessions come up`;
}

/** What the drawing shows, for those who hear the page. */
export function inWords(plan: LabPlan): string {
  const subnets = plan.subnets.map(({ name, cidr }) => {
    const own = plan.nodes.filter(({ subnet }) => subnet === name);
    const nodes = own.map(
      (node) =>
        `${node.name} ${node.address} with the pods ${node.pods.map((pod) => pod.name).join(" and ")}`,
    );
    return `Subnet ${name}, ${cidr}: ${nodes.join("; ") || "no nodes"}.`;
  });
  const carriers = new Set(
    plan.nodes.flatMap((a) => plan.nodes.filter((b) => b !== a).map((b) => carrierBetween(plan, a, b))),
  );
  const devices = [...carriers].map((one) => (one === "direct" ? "directly" : `by ${TUNNELS[one].device}`));
  return [
    `${plan.subnets.length} subnets behind ${routers(plan)}.`,
    ...subnets,
    `Pod packets travel between nodes ${devices.join(" or ")}.`,
    plan.bgp.enabled ? `BGP: ${sessions(plan)}.` : "BGP is disabled.",
    ...(plan.tenant ? [tenantInWords(plan.tenant)] : []),
  ].join(" ");
}

/** A tenant network, its instances and the nodes with a port in it. */
function tenantInWords({ cidr, instances, ports }: TenantPlan): string {
  const ends = instances.map(({ name, address, host }) => `${name} ${address} on ${host}`).join(", ");
  const plugged = ports.map(({ node, address }) => `${node} (${address})`).join(", ") || "no node";
  return `Tenant network ${cidr} with ${ends}; ${plugged} ${ports.length > 1 ? "have" : "has"} a port in it.`;
}

/** The same in a few words. */
export const tenantInShort = ({ cidr, ports }: TenantPlan): string =>
  `tenant network ${cidr}: ${ports.length > 0 ? `port on ${ports.map(({ node }) => node).join(", ")}` : "no port"}`;

/** The router, or the sites' routers and the tunnel between them. */
const routers = (plan: LabPlan): string =>
  plan.sites
    ? `${plan.sites.map(({ router, subnets }) => `${router} (${subnets.join(", ")})`).join(" and ")}, joined by IPsec${linkFault(plan) ? ", which carries nothing" : ""}`
    : `the ${fabricFacts(plan).gateway}`;

/** The verdict in one sentence. */
export function predicted(plan: LabPlan): { mark: "works" | "fails"; sentence: string } {
  const { paths } = judge(plan);
  const all = new Set(paths.map(rowKey)).size;
  const failing = new Set(paths.filter(({ outcome }) => outcome === "fails").map(rowKey)).size;
  if (failing === 0) return { mark: "works", sentence: `All ${all} paths work.` };
  return { mark: "fails", sentence: `${failing} of ${all} paths ${failing === 1 ? "fails" : "fail"}.` };
}
