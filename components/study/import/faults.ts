/** The faults that the facts show, each with its evidence. */
import type { Fault } from "../../config";
import {
  contains,
  ENCAPSULATION_FACTS,
  encapsulationsOf,
  encapsulationText,
  fabricFacts,
  type LabPlan,
  opensSession,
  parseCidr,
  toNumber,
  tunnelsOf,
} from "../../plan";
import { cloudFaults } from "./cloud-faults";
import type { Facts } from "./facts";
import type { FoundFault, OnNodes } from "./found-fault";
import type { Machine, Machines } from "./machines";
import type { Security } from "./security";
import { clean, type Source, showSource } from "./source";

/** @param plan the imported lab without any fault: it says what the lab needs. */
export function faultsOf(
  facts: Facts,
  security: Security,
  { machines, ofText }: Machines,
  plan: LabPlan,
): FoundFault[] {
  const found: OnNodes[] = [
    ...recordedFaults(facts, machines, plan),
    ...cloudFaults(facts, security, machines, plan),
    ...hostFaults(facts, machines, ofText),
    ...mtuFault(facts, machines, plan),
    ...(facts.dnsDown
      ? [
          {
            fault: "dns-loop" as const,
            machines,
            evidence: facts.dnsDown.value,
            source: facts.dnsDown.source,
          },
        ]
      : []),
  ];
  const explains = found.some(
    ({ fault, machines: own }) =>
      own.length > 0 && (fault === "bgp-blocked" || fault === "node-ip-wrong-interface"),
  );
  if (!explains && plan.bgp.enabled) found.push(...sessionFault(facts, { machines, ofText }, plan));
  return found.flatMap((one) => (one.machines.length > 0 ? [settled(one, machines)] : []));
}

/** On all nodes: only the fault's name. */
function settled({ fault, machines: own, evidence, source }: OnNodes, all: readonly Machine[]): FoundFault {
  const isEverywhere = own.length === all.length;
  return {
    setting: isEverywhere ? fault : { fault, nodes: own.map(({ name }) => name) },
    evidence,
    ...(source && { source }),
  };
}

/** What Calico has recorded for the nodes: another network's address, or no prefix length. */
function recordedFaults(facts: Facts, machines: readonly Machine[], plan: LabPlan): OnNodes[] {
  const wrong = machines.filter(({ isMisrecorded }) => isMisrecorded);
  const single = machines.filter(
    ({ recorded, isMisrecorded }) => !isMisrecorded && recorded?.value.endsWith("/32"),
  );
  const first = (own: readonly Machine[]) => own[0]?.recorded?.source;
  const shown = (own: readonly Machine[]) =>
    own
      .map(({ name, recorded }) => `${recorded?.value} for ${name}`)
      .slice(0, 3)
      .join(", ");
  const tunnelled = facts.nodes.length === 0 ? tunnelledNeighbours(facts, machines, plan) : [];
  return [
    {
      fault: "node-ip-wrong-interface",
      machines: wrong,
      evidence: `Calico has recorded ${shown(wrong)}, which is on none of the nodes' networks`,
      source: first(wrong),
    },
    // Some clouds give every node a /32, and the model knows that.
    ...(fabricFacts(plan).layer3?.hostPrefix === 32
      ? []
      : [
          {
            fault: "node-as-32" as const,
            machines: single,
            evidence: `Calico has recorded ${shown(single)}`,
            source: first(single),
          },
        ]),
    ...tunnelled,
  ];
}

/** Without Nodes: under CrossSubnet, a route by the tunnel to a neighbour shows that the prefix length is missing. */
function tunnelledNeighbours(facts: Facts, machines: readonly Machine[], plan: LabPlan): OnNodes[] {
  if (!encapsulationsOf(plan).some((one) => ENCAPSULATION_FACTS[one].crossSubnet)) return [];
  const range = parseCidr(plan.ipPool.cidr);
  const route = facts.routes.find(({ destination, device, via }) => {
    if (device !== "tunl0" || !via || !destination.includes("/")) return false;
    if (!contains(range, parseCidr(destination).first)) return false;
    const from = facts.routes.find(
      (one) =>
        one.from &&
        !one.via &&
        one.destination.includes("/") &&
        contains(parseCidr(one.destination), toNumber(via)),
    );
    return from !== undefined;
  });
  if (!route) return [];
  const evidence = `the route to ${route.destination} is by tunl0, although ${route.via} is in the node's own subnet`;
  return [{ fault: "node-as-32", machines, evidence, source: route.source }];
}

function hostFaults(facts: Facts, machines: readonly Machine[], ofText: Machines["ofText"]): OnNodes[] {
  const byFault = new Map<Fault, { machines: Machine[]; evidence: string; source: Source }>();
  for (const { fault, shown, source, hints, table } of facts.hosts) {
    const machine = ofText(table, hints);
    const before = byFault.get(fault);
    const own = [...(before?.machines ?? []), ...(machine ? [machine] : machines)];
    byFault.set(fault, { evidence: `a node has: ${shown}`, source, ...before, machines: [...new Set(own)] });
  }
  return [...byFault].map(([fault, rest]) => ({ fault, ...rest }));
}

/** Pods with a larger MTU than the tunnel. */
function mtuFault(facts: Facts, machines: readonly Machine[], plan: LabPlan): OnNodes[] {
  const told = facts.settings.podMtu;
  const seen = facts.links.find(({ device }) => device.startsWith("cali"));
  const mtu = told?.value ?? seen?.mtu;
  if (mtu === undefined || tunnelsOf(plan).length === 0 || mtu <= plan.mtu.tunnel) return [];
  const source = told?.source ?? seen?.source;
  const evidence = `pods have an MTU of ${mtu}, and ${encapsulationText(plan)} on a link of ${plan.mtu.link} leaves ${plan.mtu.tunnel}`;
  return [{ fault: "mtu-too-big", machines, evidence, ...(source && { source }) }];
}

/** Sessions that are not established, where nothing else explains it: TCP 179 does not come in at the end that waits. */
function sessionFault(
  facts: Facts,
  { machines, ofText }: Pick<Machines, "machines" | "ofText">,
  plan: LabPlan,
): OnNodes[] {
  const planned = (machine: Machine) => plan.nodes.find(({ name }) => name === machine.name);
  const byAddress = new Map(machines.map((machine) => [machine.address, machine]));
  const down = facts.sessions.filter(({ established }) => !established);
  const [first] = down;
  if (!first) return [];
  const waiting = new Set<Machine>();
  const fine = new Set<Machine>();
  for (const session of facts.sessions) {
    const other = byAddress.get(session.peer);
    const own = ofText(session.table, session.hints);
    const [a, b] = [own && planned(own), other && planned(other)];
    if (!other) continue;
    // Whose table it is may be unknown: the peer is then the end that is looked at.
    const waits = a && b ? (opensSession(a, b) ? other : own) : other;
    if (waits) (session.established ? fine : waiting).add(waits);
  }
  const own = [...waiting].filter((machine) => !fine.has(machine));
  const all = facts.sessions.every(({ established }) => !established);
  const evidence = `${down.length} of ${facts.sessions.length} BGP sessions are not established (${first.peer}: ${first.shown})`;
  if (all || own.length === 0)
    return [
      {
        fault: "bgp-blocked",
        machines,
        evidence:
          own.length === 0 && !all
            ? `${evidence}; which end refuses is not clear, so the lab closes it everywhere`
            : evidence,
        source: first.source,
      },
    ];
  return [{ fault: "bgp-blocked", machines: own, evidence, source: first.source }];
}

/** A fault with its evidence, for people. */
export const showFault = ({ evidence, source }: FoundFault): string =>
  clean(`${evidence}${source ? ` (${showSource(source)})` : ""}`);
