/** The faults that a cloud's own answers show: rules of security groups, the source/dest check, allowed address pairs. */
import type { Fault } from "../../config";
import {
  API_PORT,
  contains,
  FAULT_FACTS,
  type FirewallRule,
  fabricFacts,
  KUBELET_PORT,
  type LabPlan,
  parseCidr,
  type RuleName,
  ruleOf,
  sizeOf,
} from "../../plan";
import type { Facts } from "./facts";
import { isIpv4 } from "./fields";
import type { OnNodes } from "./found-fault";
import type { Machine } from "./machines";
import type { Security, Traffic } from "./security";

/** The faults that close a rule for what nodes send each other, each with the name of what the rule lets in. */
const CLOSING = [
  { fault: "bgp-blocked", name: "BGP" },
  { fault: "ipip-blocked", name: "IP-in-IP" },
  { fault: "vxlan-blocked", name: "VXLAN" },
] as const satisfies readonly { fault: Fault; name: string }[];

/** What nodes also send each other, for which the lab has no fault. */
const OTHERS: readonly { what: string; traffic: Omit<Traffic, "from">; isFor?: (to: Machine) => boolean }[] =
  [
    {
      what: `TCP ${API_PORT} (the API server)`,
      traffic: { protocol: "tcp", port: API_PORT },
      isFor: ({ isControlPlane }) => isControlPlane,
    },
    { what: `TCP ${KUBELET_PORT} (the kubelet)`, traffic: { protocol: "tcp", port: KUBELET_PORT } },
    { what: "ICMP (path MTU discovery)", traffic: { protocol: "icmp" } },
  ];

/** The faults of the cloud's network. What the lab does not need is no fault: a closed port that nothing uses harms no one. */
export function cloudFaults(
  facts: Facts,
  security: Security,
  machines: readonly Machine[],
  plan: LabPlan,
): OnNodes[] {
  const groups = fabricFacts(plan).securityGroup && security.groupsAreKnown(machines);
  if (groups) listOthers({ facts, security, machines });
  return [
    ...(groups
      ? CLOSING.flatMap(({ fault, name }) => {
          const { means, closes } = FAULT_FACTS[fault];
          const rule = ruleOf(plan, closes as RuleName);
          return rule.needed
            ? closedFor({ facts, security, machines }, fault, rule, `${means} (${name})`)
            : [];
        })
      : []),
    ...(groups && ruleOf(plan, "pod-cidr").needed ? podCidrClosed({ facts, security, machines }, plan) : []),
    ...(plan.antiSpoofing.needed ? spoofing({ facts, security, machines }, plan) : []),
  ];
}

/** What the faults are looked for in. */
interface Looked {
  facts: Facts;
  security: Security;
  machines: readonly Machine[];
}

/** Nodes at which some other node's packets do not come in. */
function closedFor(
  { facts, security, machines }: Looked,
  fault: Fault,
  { protocol, ports }: Pick<FirewallRule, "protocol" | "ports">,
  what: string,
): OnNodes[] {
  const traffic = { protocol, ...(ports && { port: ports[0] }) };
  const refused = (to: Machine) =>
    machines.filter((from) => from !== to && security.letsIn(to, { ...traffic, from }) === false);
  const closed = machines.filter((to) => refused(to).length > 0);
  const [first] = closed;
  if (!first) return [];
  const partly = closed.filter((to) => refused(to).length < machines.length - 1);
  for (const to of partly) {
    const source = security.sourceOf(to);
    if (source)
      facts.notExpressed.push({
        what: `${to.name} refuses ${what} from ${refused(to)
          .map(({ name }) => name)
          .join(", ")} only; the lab refuses it from all nodes`,
        source,
      });
  }
  const source = security.sourceOf(first);
  return [{ fault, machines: closed, evidence: `no rule lets ${what} in`, ...(source && { source }) }];
}

/** Without a tunnel, packets have a pod's address, so a rule that names a group does not match. */
function podCidrClosed({ security, machines }: Looked, plan: LabPlan): OnNodes[] {
  const pods = plan.ipPool.cidr;
  const kinds = [{ protocol: "tcp" }, { protocol: "udp" }, { protocol: "icmp" }];
  const isClosed = (to: Machine) =>
    kinds.some((one) => security.letsIn(to, { ...one, from: { pods } }) === false);
  const closed = machines.filter(isClosed);
  const [first] = closed;
  const source = first && security.sourceOf(first);
  const evidence = `no rule lets packets of ${pods} in, and a rule that names a group matches nodes' addresses only`;
  return [{ fault: "pod-cidr-blocked", machines: closed, evidence, ...(source && { source }) }];
}

/** The check that drops packets whose address is not the node's own. */
function spoofing({ facts, security, machines }: Looked, plan: LabPlan): OnNodes[] {
  const check = fabricFacts(plan).antiSpoofing;
  const fault = check?.fault;
  if (!check || !fault) return [];
  const isDropped = (machine: Machine): boolean => {
    const port = security.portOf(machine);
    if (port?.checked === false) return false;
    return fault === "port-security"
      ? port?.pairs !== undefined && !covers(port.pairs, plan)
      : port?.checked === true;
  };
  const own = machines.filter(isDropped);
  const [first] = own;
  const port = first && security.portOf(first);
  const wish =
    facts.settings.awsSrcDstCheck?.value === "Disable"
      ? "; FelixConfiguration wants it off, so calico-node may not change it (IAM, IMDS)"
      : "";
  const evidence =
    fault === "port-security"
      ? `the allowed address pairs of ${port?.id || "the port"} lack ${plan.ipPool.cidr}`
      : `${port?.id} has SourceDestCheck true${wish}`;
  return [{ fault, machines: own, evidence, ...(port && { source: port.source }) }];
}

/** Whether pairs let every pod's address through. */
function covers(pairs: readonly string[], { ipPool }: LabPlan): boolean {
  const pods = parseCidr(ipPool.cidr);
  return pairs.some((pair) => {
    if (!isIpv4(pair)) return false;
    const range = parseCidr(pair.includes("/") ? pair : `${pair}/32`);
    return contains(range, pods.first) && sizeOf(range) >= sizeOf(pods);
  });
}

function listOthers({ facts, security, machines }: Looked): void {
  for (const { what, traffic, isFor = () => true } of OTHERS) {
    const to = machines
      .filter(isFor)
      .find((one) =>
        machines.some((from) => from !== one && security.letsIn(one, { ...traffic, from }) === false),
      );
    const source = to && security.sourceOf(to);
    if (to && source)
      facts.notExpressed.push({
        what: `no rule of ${to.name}'s groups lets other nodes' ${what} in; the lab has no such fault`,
        source,
      });
  }
}
