/** The encapsulations that a benchmark can measure, with the lab's plan in each. */
import { ConfigError, ENCAPSULATIONS, type Encapsulation, parseStackConfig } from "../../components/config";
import { canPlay, chooseSandbox, featuresOf } from "../../components/infrastructure/twin/sandbox";
import { type LabPlan, planLab } from "../../components/plan";
import type { ModePlan } from "../../components/study/bench";
import { typed } from "./invocation";
import { labConfig } from "./overlay";

/** The lab in each encapsulation that is wanted, and why it cannot have the others. */
export function modesOf(
  stack: string,
  own: LabPlan,
  sandbox: "namespaces" | "machine" | undefined,
  only: readonly Encapsulation[] | undefined,
): ModePlan[] {
  const wanted = only && new Set<Encapsulation>([...only, "None"]);
  return ENCAPSULATIONS.filter((encapsulation) => wanted?.has(encapsulation) ?? true).map((encapsulation) => {
    if (encapsulation === own.encapsulation) return { encapsulation, plan: own };
    if (!own.calico)
      return { encapsulation, refused: "the lab has no Calico, so no other encapsulation can be chosen" };
    let plan: LabPlan;
    try {
      plan = planLab(
        parseStackConfig(labConfig(stack, [{ path: "encapsulation", value: encapsulation }]).config),
      );
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const [problem] = error.problems;
      return { encapsulation, refused: `${problem?.key} ${problem?.message}` };
    }
    const wantedKind = chooseSandbox(featuresOf(plan)).kind;
    if (sandbox && !canPlay(sandbox, wantedKind)) return { encapsulation, refused: otherKernel(stack) };
    return { encapsulation, plan };
  });
}

/** A twin would have to move, and then the figures are of another kernel, or even of an emulated processor. */
function otherKernel(stack: string): string {
  const move = typed(`switch IPIP --stack ${stack}`);
  return `this kernel has no ipip driver loaded, and figures of two kernels cannot be compared; \`${move}\` moves the whole lab into a QEMU machine, where a benchmark measures every encapsulation`;
}
