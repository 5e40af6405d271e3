/** What several IPPools do to a lab, in words: why a path fails, and what to know although nothing fails. */
import type { Explanation } from "./drop";
import { TUNNELS } from "./encapsulation";
import type { Endpoint } from "./endpoint";
import type { LabPlan } from "./lab";
import { encapsulationsOf, selects, tunnelEndOf, tunnelsOf } from "./pool";
import { listed } from "./row";

/** The words for a packet to a block of a VXLAN pool, where a node has no end of the tunnel. */
export function explainVtep({ nodes }: LabPlan, what: string, from: string, to: Endpoint): Explanation {
  const ends = [to.kind === "nodeport" ? to.entry.name : from, ...("node" in to ? [to.node.name] : [])];
  const lacking = nodes.filter((node) => ends.includes(node.name) && !tunnelEndOf(node, "vxlan"));
  const who = lacking.map(({ name }) => name).join(" and ");
  return {
    cause: `no enabled IPPool with VXLAN selects ${who} for Tunnel, so Calico gives ${who} no tunnel address and no ${TUNNELS.vxlan.device}: the route to the block is missing there, and ${what} follows the default route, where it is lost`,
    fix: `let such a pool select ${who} as well; a pool of its own with allowedUses [Tunnel] leaves the pods where they are`,
    reference: "https://github.com/projectcalico/calicoctl/issues/2105",
  };
}

/** The remarks on a lab's pools; none on one pool. */
export function poolRemarks(plan: LabPlan): string[] {
  const { ipPools, nodes } = plan;
  if (!ipPools) return [];
  const owners = ipPools.map((pool) => {
    const own = nodes.filter((node) => node.pool === pool.name).map(({ name }) => name);
    const pods = own.length > 0 ? `pods of ${listed(own)}` : "no pods";
    const state = pool.disabled ? "disabled, no pods" : pods;
    return `${pool.name} (${pool.cidr}, ${pool.encapsulation}): ${state}`;
  });
  const both = nodes.filter(
    (node) => ipPools.filter((pool) => selects(pool, node.name, "Workload")).length > 1,
  );
  const ambiguous =
    both.length > 0
      ? [
          `${listed(both.map(({ name }) => name))}: several enabled IPPools select the node. Calico then takes a pod's address of a block that the node has already, and calico-node has taken one for its tunnel's address first; only without a tunnel it is the first pool by name. Pods that were there before a pool keep their addresses`,
        ]
      : [];
  return [
    `IPPools: ${owners.join("; ")}. The pool of a packet's destination says how it travels`,
    ...ambiguous,
    ...mtuRemark(plan),
  ];
}

/** Pods have one MTU, whichever pool they are in. */
function mtuRemark(plan: LabPlan): string[] {
  const modes = encapsulationsOf(plan);
  const isMixed = tunnelsOf(plan).length > 1 || (tunnelsOf(plan).length === 1 && modes.includes("None"));
  return isMixed
    ? [`all pods have an MTU of ${plan.mtu.pod} bytes, that of the narrowest tunnel of any IPPool`]
    : [];
}
