/** Measures a lab that is up, without touching it. */
import { formatObservation, observe } from "../../components/study";
import { runningTwin } from "./deployment";
import { DISAGREES, Failure } from "./failure";

/** Shows what every pair of pods sees now, beside the verdict on what is deployed. Exit code 1 when they disagree. */
export async function observeAgain(stack: string, json: boolean): Promise<number> {
  const { realm, plan } = runningTwin(stack);
  if (!plan) {
    const again = `\`npm run lab -- up ${stack}\` completes it`;
    throw new Failure(
      `The lab ${stack} is not complete: its last \`up\` did not come to its end; ${again}.`,
      1,
    );
  }
  const observation = await observe(realm, plan);
  console.log(json ? JSON.stringify(observation, null, 2) : formatObservation(observation));
  return observation.agrees ? 0 : DISAGREES;
}
