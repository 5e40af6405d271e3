/** What a switch of encapsulation means for running pods. Calico sets a pod's MTU only when it creates the pod. */
import type { LabPlan } from "./lab";
import { type PathVerdict, rowsOf } from "./outcome";
import { rowKey } from "./path";
import { probesOf } from "./probe";
import { predict } from "./trace";
import { judge, type Verdict } from "./verdict";

/** Pods that were created before a switch, compared with pods created after it. */
export interface LivingPods {
  /** In bytes: the MTU that running pods keep, and the one that a new pod gets. */
  mtu: { old: number; new: number };
  /** The verdict for running pods: the new plan, judged with the pods' old MTU. */
  verdict: Verdict;
  /** Paths that have another outcome for a new pod, in the order of the verdict. */
  differs: string[];
  /** The same in words, for the user. */
  sentence: string;
}

/**
 * Judges a switch for the pods that run before and after it.
 *
 * The plan's MTU also models Calico's automatic MTU: without `mtu` in the config, Felix derives the pods' MTU from the
 * node's link and from the tunnel that the IPPools ask for.
 *
 * @param deployed the lab before the switch.
 * @param wanted the lab after it.
 * @returns undefined where running and new pods have the same MTU, and on the twin, whose pods get a new MTU at once.
 */
export function judgeSwitch(deployed: LabPlan, wanted: LabPlan): LivingPods | undefined {
  const mtu = { old: deployed.mtu.pod, new: wanted.mtu.pod };
  if (deployed.onTwin || wanted.onTwin || mtu.old === mtu.new) return undefined;
  const living = { ...wanted, mtu: { ...wanted.mtu, pod: mtu.old } };
  const verdict = judgeLiving(living);
  // Compare each row's pair, not the rows: with faults on some nodes, the two verdicts may divide a path differently.
  const differing = rowsOf(living).rows.flatMap(({ key, pair }) =>
    verdict.paths.filter(
      (row) => rowKey(row) === key && !predict(living, pair, row.probe) !== !predict(wanted, pair, row.probe),
    ),
  );
  const namesOf = (rows: readonly PathVerdict[]) => [...new Set(rows.map(rowKey))];
  const failing = differing.filter(({ outcome }) => outcome === "fails");
  return { mtu, verdict, differs: namesOf(differing), sentence: sentenceOn(mtu, namesOf(failing)) };
}

/** The verdict on a plan whose pods have the old MTU. If that is too large for the tunnel, the pods need a restart. */
function judgeLiving(plan: LabPlan): Verdict {
  const verdict = judge(plan);
  const tooLarge = new Set(
    rowsOf(plan).rows.flatMap(({ key, pair }) =>
      probesOf(pair)
        .filter((probe) => predict(plan, pair, probe)?.cause === "mtu")
        .map((probe) => `${key}:${probe}`),
    ),
  );
  const paths = verdict.paths.map((row) => {
    if (!row.failure || row.failure.fault || !tooLarge.has(`${rowKey(row)}:${row.probe}`)) return row;
    return { ...row, failure: { ...row.failure, fix: RESTART } };
  });
  return { ...verdict, paths };
}

const RESTART = "restart the pods: Calico sets a pod's MTU when it creates the pod";

function sentenceOn(mtu: LivingPods["mtu"], failing: readonly string[]): string {
  const keep = `Pods that were there before the switch keep their MTU of ${mtu.old} bytes until they are restarted (new ones get ${mtu.new})`;
  if (failing.length > 0) return `${keep}: full-MTU fails on ${failing.join(", ")}.`;
  if (mtu.old > mtu.new) return `${keep}. No path fails because of it.`;
  return `${keep}. No path fails because of it, but their packets stay smaller than they could be.`;
}

/**
 * The rows that fail after a switch, of paths that work before it: what the switch would cut off. A path that failed for
 * some nodes already is not one of them. Pure.
 *
 * @param deployed the lab before the switch.
 * @param wanted the lab after it.
 */
export function cutOffBy(deployed: LabPlan, wanted: LabPlan): PathVerdict[] {
  const pathOf = ({ path, reach, policy, probe }: PathVerdict) =>
    JSON.stringify([path, reach, policy, probe]);
  const failing = (rows: readonly PathVerdict[]) => rows.filter(({ outcome }) => outcome === "fails");
  const before = judge(deployed).paths;
  const known = new Set(before.map(pathOf));
  const failed = new Set(failing(before).map(pathOf));
  return failing(judge(wanted).paths).filter((row) => known.has(pathOf(row)) && !failed.has(pathOf(row)));
}
