/** Measures a running lab without changing it. */
import { formatObservation, observe } from "../../components/study";
import { runningTwin } from "./deployment";
import { DISAGREES, Failure } from "./failure";

/** Measures every pair now and shows it next to the verdict on what is deployed. Exit code 1 when they disagree. */
export async function observeAgain(stack: string, json: boolean): Promise<number> {
  const { sandbox, plan } = runningTwin(stack);
  if (!plan) {
    const again = `\`npm run lab -- up ${stack}\` completes it`;
    throw new Failure(`The lab ${stack} is not complete: its last \`up\` did not finish; ${again}.`, 1);
  }
  const observation = await observe(sandbox, plan);
  console.log(json ? JSON.stringify(observation, null, 2) : formatObservation(observation));
  return observation.agrees ? 0 : DISAGREES;
}
