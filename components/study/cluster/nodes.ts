/** What the nodes of a cluster have: routes, devices, MTUs, and what Calico recorded. */
import {
  expectedRoutes,
  type LabPlan,
  type NodePlan,
  TUNNELS,
  type TunnelKind,
  tunnelEndOf,
  tunnelMtu,
  tunnelsOf,
} from "../../plan";
import type { Evidence } from "../evidence";
import type { Check, NodeFacts } from "../measured";
import type { KubernetesObject } from "./api";

/** What is run on each node, and in its first study pod. */
export const NODE_COMMANDS = [
  "ip -4 route show",
  "ip -o link show",
  "ip -4 -o addr show",
  "cat /proc/sys/net/ipv4/ip_forward",
] as const;
export const POD_COMMANDS = ["cat /sys/class/net/eth0/mtu"] as const;

/** The assignment of a block to a node, as Calico's IPAM keeps it. */
export interface BlockAffinity extends KubernetesObject {
  spec: { cidr: string; node: string; state?: string };
}

/** The cluster's blocks, a line `block node` each, as `scripts/node/blocks.sh` prints them. */
export const blockLines = (affinities: readonly BlockAffinity[]): string =>
  affinities
    .filter(({ spec: { state = "confirmed" } }) => state === "confirmed")
    .map(({ spec: { cidr, node } }) => `${cidr} ${node}`)
    .sort()
    .join("\n");

/**
 * The routes that a node lacks, or that take another way than the encapsulation says. Pure.
 * @param blocks as {@link blockLines}.
 * @param shown the answer of `ip -4 route show`.
 */
export function routesAmiss(plan: LabPlan, name: string, blocks: string, shown: string): string[] {
  const node = plan.nodes.find((one) => one.name === name);
  if (!node || !plan.calico) return [];
  const routes = new Map(shown.split("\n").map((line) => [line.split(" ")[0], line.trim()]));
  return expectedRoutes(plan, node, blocks)
    .split("\n")
    .filter((line) => line !== "")
    .flatMap((line) => {
      const [block = "", device = "", gateway = "", programmer = ""] = line.split(" ");
      const route = routes.get(block) ?? "";
      if (fits(route, device, gateway, programmer)) return [];
      const wanted = device === "direct" ? "directly" : `by ${device}`;
      return [
        `${name} should reach the block ${block} ${wanted} (${programmer}), and has ${route || "no route"}`,
      ];
    });
}

/** As `fits` in scripts/node/routes.sh: the name of a NIC differs between machines, and the plan may not know the gateway. */
function fits(route: string, device: string, gateway: string, programmer: string): boolean {
  const found = / dev (\S+)/.exec(route)?.[1];
  if (!found) return false;
  const isTunnel = ["tunl0", "vxlan.calico", "wireguard.cali"].includes(found);
  if (device === "direct" ? isTunnel : found !== device) return false;
  if (gateway !== "-" && !route.includes(` via ${gateway} `)) return false;
  return (programmer === "BIRD") === / proto bird\b/.test(route);
}

/** What a node has. Pure. @param ran what became of {@link NODE_COMMANDS}. @param pod of {@link POD_COMMANDS}. */
export function factsOf(
  plan: LabPlan,
  name: string,
  {
    ran,
    pod,
    recordedAddress,
  }: { ran: readonly Evidence[]; pod: readonly Evidence[]; recordedAddress?: string },
): NodeFacts {
  const [routes = "", links = "", addresses = "", forwards = ""] = ran.map(({ exit, output }) =>
    exit === 0 ? output : "",
  );
  const node = plan.nodes.find((one) => one.name === name);
  const tunnel = tunnelOn(plan, node);
  const mtuOf = (device: string) =>
    Number(new RegExp(`^\\d+: ${device}[@:].* mtu (\\d+)`, "m").exec(links)?.[1]);
  const own = [...addresses.matchAll(/^\d+: (\S+) +inet (\S+)/gm)].map(([, device = "", address = ""]) => ({
    device,
    address,
  }));
  const nic = own.find(({ address }) => address.split("/")[0] === node?.address)?.device;
  const device = tunnel && TUNNELS[tunnel].device;
  const podMtu = Number(pod[0]?.exit === 0 ? pod[0].output : Number.NaN);
  const seenMtu = device ? mtuOf(device) : Number.NaN;
  return {
    node: name,
    ...(recordedAddress && { recordedAddress }),
    ...(nic && { nic: { device: nic, mtu: mtuOf(nic) } }),
    ...(device &&
      !Number.isNaN(seenMtu) && {
        tunnel: {
          device,
          mtu: seenMtu,
          address: own.find((one) => one.device === device)?.address.split("/")[0],
        },
      }),
    ...(podMtu && { podMtu }),
    ...(forwards && { forwards: forwards.trim() !== "0" }),
    routes: routes.split("\n").flatMap((line) => (isToPods(line) ? [line.trim()] : [])),
  };
}

/** The tunnel whose device is looked at on a node: the first of which it has an end. */
const tunnelOn = (plan: LabPlan, node: NodePlan | undefined): TunnelKind | undefined =>
  tunnelsOf(plan).find((kind) => !node || tunnelEndOf(node, kind) !== undefined);

/** Routes to blocks, and those to the node's own pods and block. */
const isToPods = (line: string): boolean =>
  / dev cali| dev tunl0| dev vxlan\.calico| proto bird\b|^blackhole/.test(line) ||
  /^\d+\.\d+\.\d+\.\d+\/\d+ via /.test(line);

/** What differs from the plan in what a node has. Pure. One row for each fact that the plan predicts. */
export function checkFacts(plan: LabPlan, facts: NodeFacts): Check[] {
  const node = plan.nodes.find(({ name }) => name === facts.node);
  const tunnel = tunnelOn(plan, node);
  const { link, pod } = plan.mtu;
  const checks: Check[] = [];
  const check = (name: string, predicted: string, observed: string | undefined, explanation: string) => {
    if (observed === undefined) return;
    const agrees = predicted === observed;
    checks.push({
      name: `${name} of ${facts.node}`,
      predicted,
      observed,
      agrees,
      ...(!agrees && { explanation }),
    });
  };
  check(
    "MTU of the link",
    `${link}`,
    facts.nic && `${facts.nic.mtu}`,
    `the config must say \`encaplab:mtu: ${facts.nic?.mtu}\`, or every prediction about the largest packet is wrong (calico#8674)`,
  );
  if (tunnel && plan.calico && facts.nic) {
    const { device } = TUNNELS[tunnel];
    check(
      `MTU of ${device}`,
      `${tunnelMtu(plan, tunnel)}`,
      facts.tunnel ? `${facts.tunnel.mtu}` : "no such device",
      "Calico sets it from the link's MTU when calico-node starts",
    );
  }
  check(
    "MTU of a pod",
    `${pod}`,
    facts.podMtu ? `${facts.podMtu}` : undefined,
    "Calico sets it only when it makes the pod",
  );
  if (plan.calico)
    check(
      "recorded address",
      node?.recordedAddress ?? "",
      facts.recordedAddress,
      "CrossSubnet compares exactly this address with its prefix length (calico#4254)",
    );
  return checks;
}
