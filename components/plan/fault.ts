/** How a plan with faults differs from one without. */
import { type Direction, type Fault, type FaultSetting, faultOf, placeOf } from "../config";
import { fabricFacts } from "./fabric";
import { FAULT_FACTS } from "./fault-facts";
import type { ClosedRule, HostPlan } from "./host";
import type { LabPlan } from "./lab";
import type { FirewallRule } from "./rule";
import { controlPlaneOf } from "./topology";
import { isMisrecorded, vpnAddress } from "./vpn";

export { FAULT_FACTS, type FaultFacts, meaningOf, SMALLER_BY } from "./fault-facts";

/** Whether a fault of the config is on a node. */
const isOn = (setting: FaultSetting, node: string): boolean => placeOf(setting).nodes?.includes(node) ?? true;

/** The direction in which a fault closes a rule, seen from the node. */
const directionOf = (setting: FaultSetting): Direction => placeOf(setting).direction ?? "in";

/** Whether a fault takes its rule out of the group of all nodes, and not of some nodes' own. */
const closesGroup = (plan: LabPlan, setting: FaultSetting): boolean =>
  fabricFacts(plan).securityGroup && !placeOf(setting).nodes;

/**
 * The plan with these faults, in place of those that it has. This is the only place where a fault takes effect: what the
 * lab needs (`needed` in the plan) is the same with and without faults.
 */
export function withFaults(plan: LabPlan, faults: readonly FaultSetting[]): LabPlan {
  const { mtu, antiSpoofing } = plan;
  const { antiSpoofing: check, layer3 } = fabricFacts(plan);
  const prefixes = new Map(plan.subnets.map(({ name, prefix }) => [name, prefix]));
  // A fabric whose gateway speaks BGP checks no addresses.
  const routed = !check?.followsRoutes || plan.podRoutes.length > 0;
  const nodes = plan.nodes.map((node) => {
    const own = faults.filter((setting) => isOn(setting, node.name));
    const has = (fault: Fault | undefined) => own.some((setting) => faultOf(setting) === fault);
    const host: HostPlan = {
      allowsPods: antiSpoofing.needed && !has(check?.fault) && routed,
      broken: own
        .map(faultOf)
        .map((fault) => ({ fault, facts: FAULT_FACTS[fault] }))
        .filter(({ facts }) => facts.of === "host" && (facts.onlyOn?.(plan, node) ?? true))
        .map(({ fault }) => fault),
      closed: own.filter((setting) => !closesGroup(plan, setting)).flatMap((one) => closedBy(plan, one)),
    };
    const prefix = has("node-as-32") ? 32 : (layer3?.hostPrefix ?? prefixes.get(node.subnet));
    const recordedAddress = isMisrecorded({ host })
      ? `${vpnAddress(plan, node)}/32`
      : `${node.address}/${prefix}`;
    return { ...node, recordedAddress, host };
  });
  const everywhere = faults.filter((setting) => closesGroup(plan, setting)).map(faultOf);
  return {
    ...plan,
    faults,
    nodes,
    ...(plan.link && {
      link: { ...plan.link, broken: faults.map(faultOf).filter((one) => FAULT_FACTS[one].of === "link") },
    }),
    controlPlane: controlPlaneOf(nodes),
    firewall: plan.firewall.map((rule) => closeFor(everywhere, rule)),
    mtu: { ...mtu, pod: faults.some((one) => faultOf(one) === "mtu-too-big") ? mtu.link : mtu.tunnel },
    antiSpoofing: { ...antiSpoofing, allowsPods: nodes.some(({ host }) => host.allowsPods) },
  };
}

/** A fault closes only a rule that is needed: a rule that is not needed is closed without it. */
function closeFor(faults: readonly Fault[], { closedBy: _, ...rule }: FirewallRule): FirewallRule {
  const fault = rule.needed ? faults.find((name) => FAULT_FACTS[name].closes === rule.name) : undefined;
  return { ...rule, open: rule.needed && !fault, ...(fault && { closedBy: fault }) };
}

/** The rule that a fault closes on a node that has it. */
function closedBy(plan: LabPlan, setting: FaultSetting): ClosedRule[] {
  const fault = faultOf(setting);
  const rule = plan.firewall.find(({ name, needed }) => needed && name === FAULT_FACTS[fault].closes);
  return rule ? [{ rule: rule.name, direction: directionOf(setting), fault }] : [];
}
