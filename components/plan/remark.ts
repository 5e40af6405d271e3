/** The verdict's remarks: what the user should know although nothing fails. */
import { type FaultSetting, faultLabel, faultOf } from "../config";
import { rowsThatDiffer } from "./backend";
import { bgpRemarks } from "./bgp-remark";
import { type Effect, effectsOf } from "./effect";
import { ENCAPSULATION_FACTS, encapsulationOf } from "./encapsulation";
import { fabricFacts } from "./fabric";
import { meaningOf } from "./fault";
import type { LabPlan } from "./lab";
import { limitsOf } from "./limit";
import type { Outcome } from "./outcome";
import { ownsNetwork } from "./placement";
import { encapsulationsOf, encapsulationText, routesNeedBgp } from "./pool";
import { poolRemarks } from "./pool-failure";
import { tenantRemarks } from "./tenant-failure";

/** The remarks on a plan. @param outcome what will happen in the plan's lab. */
export function remarksOn(plan: LabPlan, { paths, notReady }: Outcome): string[] {
  const effects = effectsOf(plan);
  const { antiSpoofing, layer3, name } = fabricFacts(plan);
  const remarks = [...effects].map(([fault, effect]) => remarkOn(plan, fault, effect));
  if (plan.proxyMode === "ipvs")
    remarks.push("proxyMode ipvs is deprecated since Kubernetes 1.35; use nftables instead");
  if (!plan.calico) {
    remarks.push(
      `calico.install is none: the IPPool says ${encapsulationOf(plan.ipPool)}, but without Calico pods are routed as with None`,
    );
  }
  if (paths.some(({ failure }) => failure?.fault === "ipip-blocked")) {
    remarks.push(
      `the ${fabricFacts(plan).securityGroup ? "group" : "nodes' firewall"} is stateful: once a node has sent IP protocol 4, the other's packets pass for up to 600 s as answers, so a broken lab can look alive (calico#1996); this verdict is for the first packet, before there is any such state`,
    );
  }
  if (!routesNeedBgp(plan) && notReady.length > 0) {
    remarks.push(
      `calico-node is not ready, but pods reach each other: Felix programs the routes of ${encapsulationText(plan)}, so no path depends on BGP`,
    );
  }
  if ([...effects].some(([fault, effect]) => faultOf(fault) === "node-as-32" && effect !== "nothing")) {
    remarks.push(
      "a node recorded as /32 shares its subnet with no other node: it reaches all pods of other nodes through the tunnel, without any error (calico#4254)",
    );
  }
  if (layer3?.hostPrefix && encapsulationsOf(plan).some((one) => ENCAPSULATION_FACTS[one].crossSubnet)) {
    remarks.push(
      `${name} gives nodes addresses with /32, and Calico records them so: CrossSubnet finds no two nodes in one subnet, and its tunnel is used everywhere (calico#4254)`,
    );
  }
  if (antiSpoofing && plan.antiSpoofing.needed && !ownsNetwork(plan)) {
    remarks.push(
      `packets with a pod's address leave the nodes, and the lab cannot change existing machines' network: this verdict expects that you ${antiSpoofing.fix}`,
    );
  }
  if (plan.link) {
    const { path, esp, inner } = plan.link.mtu;
    const twin =
      inner < esp ? `; on the twin it is ${inner}, which is what strongSwan's TUN device carries` : "";
    remarks.push(
      `the tunnel between the sites leaves ${esp} of the ${path} bytes between the routers (ESP with ${plan.link.proposals.esp}, in UDP)${twin}: pods get an MTU of ${inner} minus their own tunnel's header`,
    );
  }
  const differing = plan.fabric === "openstack" && !plan.backend ? rowsThatDiffer(plan, "ovs") : [];
  if (differing.length > 0) {
    remarks.push(
      `what runs below Neutron is not known, and this verdict is for OVN; with ML2/OVS (openstack.backend: ovs) other outcomes: ${differing.join("; ")}`,
    );
  }
  return [...remarks, ...poolRemarks(plan), ...bgpRemarks(plan), ...tenantRemarks(plan), ...limitsOf(plan)];
}

function remarkOn(plan: LabPlan, fault: FaultSetting, effect: Effect): string {
  const label = faultLabel(fault);
  const remark = `fault ${label} is set on purpose: ${meaningOf(plan, faultOf(fault))}`;
  switch (effect) {
    case "paths":
      return remark;
    case "readiness":
      return `${remark}; under ${encapsulationText(plan)} it changes whether calico-node is ready, but no path`;
    case "nothing":
      return `fault ${label} changes nothing here: no path of this lab depends on what it breaks`;
  }
}
