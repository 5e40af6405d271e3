/** A plan whose nodes have their names in the cluster, so that it can be measured there. */
import type { FaultSetting } from "../../config";
import type { LabPlan, NodePlan } from "../../plan";

/** @param originals the names in the cluster by those in the plan. */
export function withNames(plan: LabPlan, originals: Readonly<Record<string, string>>): LabPlan {
  const name = (old: string) => originals[old] ?? old;
  const node = (one: NodePlan): NodePlan => ({
    ...one,
    name: name(one.name),
    pods: one.pods.map((pod, i) => ({ ...pod, name: `${name(one.name)}-${i + 1}`, node: name(one.name) })),
  });
  const fault = (setting: FaultSetting): FaultSetting =>
    typeof setting === "string" || !setting.nodes ? setting : { ...setting, nodes: setting.nodes.map(name) };
  return {
    ...plan,
    nodes: plan.nodes.map(node),
    controlPlane: node(plan.controlPlane),
    services: plan.services.map((service) => ({ ...service, node: name(service.node) })),
    bgp: { ...plan.bgp, reflectors: plan.bgp.reflectors.map(name) },
    ...(plan.ipPools && {
      ipPools: plan.ipPools.map((pool) => ({
        ...pool,
        ...(pool.nodes && { nodes: pool.nodes.map(name) }),
      })),
    }),
    podRoutes: plan.podRoutes.map((route) => ({ ...route, node: name(route.node) })),
    faults: plan.faults.map(fault),
  };
}
