/** What kube-proxy programs on a node for the study's Services, as an nftables file. */
import { type LabPlan, type NodePlan, SERVICE_PORTS, type ServicePlan } from "../../plan";

/** kube-proxy's default mark for packets that get the node's address on their way out (`--iptables-masquerade-bit`). */
const MASQUERADE = "0x4000";

/**
 * The rules have the effect of those of kube-proxy's iptables mode (Kubernetes, pkg/proxy/iptables/proxier.go), whatever
 * the lab's `proxyMode`: all modes rewrite the same addresses, and only differ in how they look them up. Every Service has
 * one endpoint, so nothing is chosen at random.
 *
 * - ClusterIP: the address becomes the pod's. A source outside podCidr gets the node's address.
 * - NodePort, `Cluster`: the same, and every source gets the node's address.
 * - NodePort, `Local`: no source changes, and a node without the endpoint drops the packet. For pods and the node itself
 *   the policy does not count.
 */
export function renderServices(plan: LabPlan, node: NodePlan): string {
  const rules = plan.services.flatMap((service) => rulesFor(plan, node, service));
  const elsewhere = plan.services.flatMap(({ node: name, nodePorts }) =>
    name === node.name ? [] : [nodePorts.Local],
  );
  return [
    "table ip kube-proxy {}",
    "delete table ip kube-proxy",
    "table ip kube-proxy {",
    ...chain("services", rules),
    ...chain("prerouting", ["type nat hook prerouting priority dstnat;", "jump services"]),
    // -100 is dstnat, a name that nft does not accept for this hook.
    ...chain("output", ["type nat hook output priority -100;", "jump services"]),
    ...chain("postrouting", [
      "type nat hook postrouting priority srcnat;",
      `meta mark & ${MASQUERADE} != 0 masquerade`,
    ]),
    // What has an endpoint here has the pod's address by now.
    ...chain("no-local-endpoints", [
      "type filter hook input priority filter;",
      ...elsewhere.map((port) => `ip daddr ${node.address} tcp dport ${port} counter drop`),
    ]),
    ...withoutEndpoints(plan, node),
    "}",
  ].join("\n");
}

/** kube-proxy rejects what is for a port that has no endpoint at all, wherever it comes from. */
function withoutEndpoints({ services }: LabPlan, { host }: NodePlan): string[] {
  if (!host.broken.includes("dns-loop")) return [];
  const rejects = services.map(
    ({ address }) => `ip daddr ${address} udp dport ${SERVICE_PORTS.udp.port} counter reject`,
  );
  return (["forward", "output"] as const).flatMap((hook) =>
    chain(`no-endpoints-${hook}`, [`type filter hook ${hook} priority filter;`, ...rejects]),
  );
}

function rulesFor(plan: LabPlan, node: NodePlan, service: ServicePlan): string[] {
  const { address, nodePorts } = service;
  const end = plan.nodes.find(({ name }) => name === service.node);
  const pod = end?.pods[0]?.address;
  if (!end || !pod) return [];
  const { cidr } = plan.ipPool;
  const masquerade = `meta mark set mark or ${MASQUERADE}`;
  const { tcp, udp } = SERVICE_PORTS;
  const [toTcp, toUdp] = [`dnat to ${pod}:${tcp.target}`, `dnat to ${pod}:${udp.target}`];
  const local = `ip daddr ${node.address} tcp dport ${nodePorts.Local}`;
  const hasDns = !node.host.broken.includes("dns-loop");
  return [
    `ip daddr ${address} ip saddr != ${cidr} ${masquerade}`,
    `ip daddr ${address} tcp dport ${tcp.port} ${toTcp}`,
    ...(hasDns ? [`ip daddr ${address} udp dport ${udp.port} ${toUdp}`] : []),
    `ip daddr ${node.address} tcp dport ${nodePorts.Cluster} ${masquerade} ${toTcp}`,
    `${local} ip saddr ${cidr} ${toTcp}`,
    `${local} ip saddr ${node.address} ${masquerade} ${toTcp}`,
    ...(end.name === node.name ? [`${local} ${toTcp}`] : []),
  ];
}

const chain = (name: string, rules: readonly string[]): string[] => [
  `  chain ${name} {`,
  ...rules.map((rule) => `    ${rule}`),
  "  }",
];
