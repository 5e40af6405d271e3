/** What a switch of encapsulation means for the pods that live through it. Calico sets a pod's MTU when it makes the pod. */
import type { LabPlan } from "./lab";
import { examplesOf, PROBES, rowKey } from "./path";
import { judge, type PathVerdict, predict, rowName, type Verdict } from "./verdict";

/** The pods that were there before a switch, compared with pods made after it. */
export interface LivingPods {
  /** Bytes: what the living pods keep, and what a new pod gets. */
  mtu: { old: number; new: number };
  /** The verdict for the living pods: the new plan, judged with the old MTU of the pods. */
  verdict: Verdict;
  /** Paths that fare differently for a new pod, in the order of the verdict. */
  differs: string[];
  /** All of it in one sentence for the user. */
  sentence: string;
}

/**
 * Judges a switch for the pods that live through it.
 *
 * The plan's MTU also models Calico's automatic one: without `mtu` in the config Felix derives the pods' MTU from the
 * node's link and from the tunnel that the IPPools ask for.
 *
 * @param deployed the lab as it is, `wanted` the lab as the switch leaves it.
 * @returns nothing where living pods and new ones have the same MTU, and on the twin, whose pods take a new MTU at once.
 */
export function judgeSwitch(deployed: LabPlan, wanted: LabPlan): LivingPods | undefined {
  const mtu = { old: deployed.mtu.pod, new: wanted.mtu.pod };
  if (deployed.onTwin || wanted.onTwin || mtu.old === mtu.new) return undefined;
  const verdict = judgeLiving({ ...wanted, mtu: { ...wanted.mtu, pod: mtu.old } });
  const fresh = judge(wanted);
  const differing = verdict.paths.filter(({ outcome }, i) => outcome !== fresh.paths[i]?.outcome);
  const namesOf = (rows: readonly PathVerdict[]) => [...new Set(rows.map(rowName))];
  const failing = differing.filter(({ outcome }) => outcome === "fails");
  return { mtu, verdict, differs: namesOf(differing), sentence: sentenceOn(mtu, namesOf(failing)) };
}

/** The verdict of a plan whose pods have an MTU from before: what is too large for the tunnel needs new pods, no new config. */
function judgeLiving(plan: LabPlan): Verdict {
  const verdict = judge(plan);
  const tooLarge = new Set(
    examplesOf(plan).flatMap((pair) =>
      PROBES.filter((probe) => predict(plan, pair, probe)?.cause === "mtu").map(
        (probe) => `${rowKey(pair)}:${probe}`,
      ),
    ),
  );
  const paths = verdict.paths.map((row) => {
    if (!row.failure || row.failure.fault || !tooLarge.has(`${rowName(row)}:${row.probe}`)) return row;
    return { ...row, failure: { ...row.failure, mend: RESTART } };
  });
  return { ...verdict, paths };
}

const RESTART = "restart the pods: Calico gives a pod its MTU when the pod is made";

function sentenceOn(mtu: LivingPods["mtu"], failing: readonly string[]): string {
  const keep = `Pods that were there before the switch keep their MTU of ${mtu.old} bytes until they are restarted (new ones get ${mtu.new})`;
  if (failing.length > 0) return `${keep}: full-MTU fails on ${failing.join(", ")}.`;
  if (mtu.old > mtu.new) return `${keep}. No path fails because of it.`;
  return `${keep}. No path fails because of it, but their packets stay smaller than they could be.`;
}
