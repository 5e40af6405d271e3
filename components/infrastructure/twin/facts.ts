/** What `calicoctl` and `kubectl` show in a twin's shell: read-only look-alikes, made from the plan. */
import { ENCAPSULATION_FACTS, type LabPlan, type NodePlan, selectorOf } from "../../plan";

/** Folder of a file for each node. The look-alikes read all of them (scripts/twin/sandbox-bin/lookalike.py). */
const FACTS = "/run/encaplab/facts";

/** A node's file, as JSON. Only what is its own and the IPPools, so that the files of a large lab stay small. */
export function renderFacts(plan: LabPlan, node: NodePlan): string {
  const { cidr, natOutgoing, ipipMode, vxlanMode } = plan.ipPool;
  const pools = plan.ipPools?.map((pool) => ({
    name: pool.name,
    cidr: pool.cidr,
    natOutgoing: pool.natOutgoing,
    ipipMode: ENCAPSULATION_FACTS[pool.encapsulation].ipipMode,
    vxlanMode: ENCAPSULATION_FACTS[pool.encapsulation].vxlanMode,
    disabled: pool.disabled,
    selector: selectorOf(pool),
  }));
  return JSON.stringify({
    name: node.name,
    role: node.role,
    index: node.index,
    address: node.recordedAddress,
    asNumber: plan.bgp.enabled ? plan.bgp.asNumber : null,
    pods: node.pods.map((pod) => ({ name: pod.name, address: pod.address, interface: pod.interface })),
    ...(pools ? { pools } : { pool: { cidr, natOutgoing, ipipMode, vxlanMode } }),
  });
}

/** Bash that writes a node's file. */
export const writeFacts = (node: string, facts: string): string =>
  `[[ -d ${FACTS} ]] || mkdir -p ${FACTS}\ncat > ${FACTS}/${node}.json <<'FACTS'\n${facts}\nFACTS`;

/** Bash that removes a node's file. */
export const removeFacts = (node: string): string =>
  `[[ ! -e ${FACTS}/${node}.json ]] || rm -f ${FACTS}/${node}.json`;
