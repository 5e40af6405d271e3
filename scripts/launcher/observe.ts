/** Measures a lab that is up, without touching it. */
import { formatObservation, observe } from "../../components/study";
import { runningTwin } from "./deployment";
import { DISAGREES } from "./failure";

/** Shows what every pair of pods sees now, beside the verdict on what is deployed. Exit code 1 when they disagree. */
export async function observeAgain(stack: string, json: boolean): Promise<number> {
  const { realm, plan } = runningTwin(stack);
  const observation = await observe(realm, plan);
  console.log(json ? JSON.stringify(observation, null, 2) : formatObservation(observation));
  return observation.agrees ? 0 : DISAGREES;
}
