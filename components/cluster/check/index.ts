/**
 * The look at the machines: what on them would break the lab. Loads no part of Pulumi: the command line uses it, too.
 * `scripts/node/check.sh` looks at one machine, `router.sh` at the one between the subnets; what two machines must not have in
 * common is compared here.
 */
import { ENCAPSULATIONS } from "../../config";
import { ROUTER, renderRouterBird } from "../../infrastructure/fabric";
import {
  API_PORT,
  KUBELET_PORT,
  type LabPlan,
  type NodePlan,
  planFirewall,
  type RuleName,
  subnetOf,
  TUNNELS,
  tunnelsOf,
} from "../../plan";
import type { Target } from "../../remote";
import { type StepName, shellCommand, stepScript } from "../steps";
import { gatewayValues } from "./gateway";

export { peerGatewayOf } from "./gateway";

/** Something on a machine that breaks the lab (`refuse`: `prepare` stops there), or that may do so (`warn`). */
export interface Finding {
  /** The machine's node. */
  node: string;
  severity: "refuse" | "warn";
  /** The kind of finding, such as `port-in-use`; the same for the same kind. */
  code: string;
  /** What was found, what it does to the lab, and what to do. */
  sentence: string;
}

/** What a look at one machine has found. */
export interface Look {
  findings: Finding[];
  /** By name: `hostname`, `machine-id`, `mac`, and `time` in seconds since 1970. Without those that it does not have. */
  facts: Readonly<Record<string, string>>;
}

/**
 * The values of `scripts/node/check.sh`, besides the name of the node.
 * @param scope `mode`: what this lab's encapsulation needs. `lab`: the same for all encapsulations without IPIP, so that
 *   a switch between them does not prepare every node again; what only VXLAN needs is then a warning.
 * @param peer where a machine that is its site's gateway reaches that of the other site; see {@link peerGatewayOf}.
 */
export function checkValues<Host = string>(
  plan: LabPlan,
  node: NodePlan,
  scope: "lab" | "mode",
  peer?: Host,
): Record<string, string | Host> {
  const [own] = tunnelsOf(plan);
  const tunnel = scope === "mode" || own === "ipip" ? own : undefined;
  const { cidr, gateway } = subnetOf(plan, node);
  // The lab's own router is the only one that its machines have.
  const learns = plan.bgp.gatewayAsNumber !== undefined && !plan.onThisMachine;
  return {
    NODE_ADDRESS: node.address,
    SUBNET: cidr,
    ROLE: node.role,
    PEERS: peersOf(plan, node).join("\n"),
    NEEDS: needsOf(plan, node, scope).join("\n"),
    POD_CIDR: plan.ipPool.cidr,
    SERVICE_CIDR: plan.serviceCidr,
    LINK_MTU: String(plan.mtu.link),
    KUBERNETES_VERSION: plan.versions.kubernetes,
    PROXY_MODE: plan.proxyMode,
    CALICO: plan.calico ? "1" : "0",
    TUNNEL: tunnel ? TUNNELS[tunnel].device : "",
    ...gatewayValues(plan, node, peer),
    ...(learns && { GATEWAY: gateway }),
  };
}

/** The values of `scripts/node/router.sh`, besides the name of the machine. */
export const routerValues = (plan: LabPlan): Record<string, string> => ({
  SUBNETS: plan.subnets.map(({ cidr, gateway }) => `${cidr} ${gateway}`).join("\n"),
  CONFIG: renderRouterBird(plan, { log: "stderr" }),
  KUBERNETES_VERSION: plan.versions.kubernetes,
  POD_CIDR: plan.ipPool.cidr,
});

/** Another node of each subnet: a firewall on the node may know some of the lab's subnets only. */
function peersOf({ nodes, subnets }: LabPlan, { name }: NodePlan): string[] {
  return subnets.flatMap((subnet) => {
    const peer = nodes.find((other) => other.subnet === subnet.name && other.name !== name);
    return peer ? [peer.address] : [];
  });
}

/** What the lab's programs and tunnels use between nodes, each with one port or a protocol of its own. */
const BETWEEN_NODES: readonly RuleName[] = ["icmp", "bgp", "ipip", "vxlan"];

/**
 * What this node must let in from the others, as lines `name protocol first last severity`. Not the whole firewall table:
 * its ranges are for pods, so programs of the machine itself may use those ports.
 */
function needsOf(plan: LabPlan, { role }: NodePlan, scope: "lab" | "mode"): string[] {
  const listeners = { ...(role === "control-plane" && { api: API_PORT }), kubelet: KUBELET_PORT };
  const rules = plan.firewall.filter(({ name }) => BETWEEN_NODES.includes(name));
  return [
    ...Object.entries(listeners).map(([name, port]) => `${name} tcp ${port} ${port} refuse`),
    ...rules.flatMap(({ name, protocol, ports, open }) => {
      const needed = scope === "mode" ? open : isNeeded(plan, name);
      if (!needed) return [];
      const severity = scope === "lab" && name === "vxlan" ? "warn" : "refuse";
      return [[name, protocol, ...(ports ?? ["-", "-"]), severity].join(" ")];
    }),
  ];
}

/** Whether every encapsulation needs a rule, or this lab's IPIP, or any encapsulation's VXLAN. */
function isNeeded(plan: LabPlan, name: RuleName): boolean {
  if (name === "vxlan") return plan.calico;
  if (name === "ipip") return tunnelsOf(plan).includes("ipip");
  const needs = {
    cloud: plan.cloud,
    bgp: plan.bgp.enabled,
    podAddressesOnWire: false,
  };
  return ENCAPSULATIONS.every((encapsulation) =>
    planFirewall({ ...needs, encapsulation }).some((rule) => rule.name === name && rule.needed),
  );
}

/** Reads what `check.sh` prints. Lines of other forms are ignored. */
export function parseLook(node: string, stdout: string): Look {
  const rows = stdout.split("\n").map((line) => line.split("\t"));
  const findings = rows.flatMap(([severity, code, ...rest]): Finding[] =>
    (severity === "refuse" || severity === "warn") && code
      ? [{ node, severity, code, sentence: rest.join(" ") }]
      : [],
  );
  const facts = rows.flatMap(([kind, name = "", value]) => (kind === "fact" && value ? [[name, value]] : []));
  return { findings, facts: Object.fromEntries(facts) };
}

/** What two nodes must not have in common, and why. */
const DISTINCT: Readonly<Record<string, Omit<Finding, "node" | "sentence"> & { means: string }>> = {
  mac: {
    severity: "refuse",
    code: "equal-mac",
    means: "MAC address: switches and neighbours take them for one machine; give one of them another",
  },
  "machine-id": {
    severity: "warn",
    code: "equal-machine-id",
    means:
      "machine-id: it was cloned with the disk, and DHCP may give them one address; make a new one (rm /etc/machine-id; systemd-machine-id-setup)",
  },
  hostname: {
    severity: "warn",
    code: "equal-hostname",
    means: "host name: their logs cannot be told apart; set another one (hostnamectl hostname NAME)",
  },
};

/** What nodes have in common although they must not, by the facts of each node. The second node of each pair has it. */
export function compareFacts(facts: Readonly<Record<string, Look["facts"]>>): Finding[] {
  return Object.entries(DISTINCT).flatMap(([fact, { means, ...kind }]) => {
    const owners = new Map<string, string>();
    return Object.entries(facts).flatMap(([node, { [fact]: value }]): Finding[] => {
      if (!value) return [];
      const owner = owners.get(value);
      if (owner)
        return [{ ...kind, node, sentence: `${node} and ${owner} have the same ${means} (${value})` }];
      owners.set(value, node);
      return [];
    });
  });
}

/** In seconds. Certificates are valid from five minutes before they are made; logs should be comparable long before. */
const CLOCK_LIMIT = 30;

/**
 * Nodes whose clocks differ from the first node's.
 * @param offsets how much each node's clock is ahead of ours, in seconds.
 */
export function compareClocks(offsets: Readonly<Record<string, number>>): Finding[] {
  const [[first, base] = ["", 0], ...others] = Object.entries(offsets);
  return others.flatMap(([node, offset]): Finding[] => {
    const ahead = Math.round(offset - base);
    if (Math.abs(ahead) <= CLOCK_LIMIT) return [];
    const sentence = `the clock of ${node} is ${Math.abs(ahead)} s ${ahead > 0 ? "ahead of" : "behind"} that of ${first}: certificates and bootstrap tokens may not be valid yet, or no longer; turn NTP on (timedatectl set-ntp true)`;
    return [{ node, severity: Math.abs(ahead) > 240 ? "refuse" : "warn", code: "clock", sentence }];
  });
}

/** Time limit of a look at a machine, in milliseconds. */
const LOOK_LIMIT = 5 * 60_000;

/**
 * Looks at the machine of a node over SSH. Changes nothing there.
 * @param peer where a machine that is its site's gateway reaches that of the other site; see {@link peerGatewayOf}.
 * @returns also by how many seconds its clock is ahead of ours, within the time that the look's answer takes.
 * @throws {Error} when the machine cannot be reached, or does not let us look.
 */
export const lookAt = (
  target: Target,
  plan: LabPlan,
  node: NodePlan,
  peer?: string,
): Promise<Look & { ahead: number }> =>
  lookBy(target, "check", node.name, checkValues(plan, node, "mode", peer));

/** Looks at the machine between the subnets, as {@link lookAt} does at a node's. */
export const lookAtRouter = (target: Target, plan: LabPlan): Promise<Look & { ahead: number }> =>
  lookBy(target, "router", ROUTER, routerValues(plan));

async function lookBy(
  target: Target,
  step: StepName,
  name: string,
  values: Readonly<Record<string, string>>,
): Promise<Look & { ahead: number }> {
  // Only here: the SSH client takes long to load, and a program that looks at nothing does without it.
  const { execute } = require("../../remote") as typeof import("../../remote");
  const script = stepScript(step, { ...values, NODE_NAME: name });
  const { code, stdout, stderr } = await execute(target, shellCommand(target.user, "look"), script, {
    limit: LOOK_LIMIT,
  });
  const now = Date.now() / 1000;
  if (code !== 0) throw new Error(`the look ended with ${code}: ${stderr.trim().split("\n").at(-1) ?? ""}`);
  const look = parseLook(name, stdout);
  return { ...look, ahead: Number(look.facts.time) - now };
}
