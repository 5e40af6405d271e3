/** The verdict on a stack's config, also with other values. Writes and starts nothing. */
import { judge } from "../../components/plan";
import { formatVerdict } from "../../components/study";
import { withChanges } from "./config-path";
import { say } from "./failure";
import { planOf, readStackFile } from "./stack-file";

/** Shows the verdict. A path that fails is an answer, not an error: the exit code is 0. */
export function showVerdict(stack: string, changes: readonly string[], json: boolean): number {
  const file = readStackFile(stack);
  const plan = planOf(file, withChanges(file.config, changes));
  const verdict = judge(plan);
  if (file.secrets.length > 0) say(`Ignored, because they are secret: ${file.secrets.join(", ")}.`);
  const { encapsulation, fabric, faults } = plan;
  if (json) {
    console.log(JSON.stringify({ stack, changes, encapsulation, fabric, faults, verdict }, null, 2));
    return 0;
  }
  const changed = changes.length > 0 ? ` with ${changes.join(" ")}` : "";
  console.log(
    `Stack ${stack}${changed}: ${encapsulation} on the ${fabric} fabric, ${plan.nodes.length} nodes.`,
  );
  console.log(formatVerdict(verdict));
  return 0;
}
