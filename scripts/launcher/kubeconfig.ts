/** A cluster's kubeconfig, for a file of one's own. */
import { deploymentOf, isEmpty, outputsOf, plain, type Resource, resourcesWithSecrets } from "./deployment";
import { Failure, say } from "./failure";
import { lastUpdateOf } from "./last-update";
import { readStackFile } from "./stack-file";

/** The step that reads the kubeconfig on the control plane. Its answer is in the state as soon as the cluster is up. */
const isKubeconfig = ({ type, urn = "", delete: replaced }: Resource): boolean =>
  type === "command:remote:Command" && /::kubeconfig-[^:]+$/.test(urn) && !replaced;

/**
 * Prints the administrator's kubeconfig, and nothing else, on standard output.
 *
 * Taken from the step that read it, not from the stack's outputs: the engine writes those at the end of an `up`, so there
 * are none while one still waits for routes, and after one that failed they may be those of an earlier cluster.
 */
export function printKubeconfig(stack: string): number {
  const deployed = deploymentOf(stack);
  if (!deployed) readStackFile(stack); // a stack nobody knows is a slip of the keyboard
  if (!deployed || isEmpty(deployed))
    throw new Failure(`The lab ${stack} is not up; \`npm run lab -- up ${stack}\` brings it up.`, 1);
  const text = deployed.resources?.some(isKubeconfig) ? read(stack) : "";
  if (text === "") {
    throw new Failure(
      `The lab ${stack} has no kubeconfig: a twin has no cluster, and an \`up\` that has not made the control plane has none yet.`,
      1,
    );
  }
  const last = lastUpdateOf(stack, deployed);
  const succeeded = !last || last.ended === "succeeded";
  if (!succeeded || !outputsOf(deployed)?.kubeconfig) say(warning(stack, last?.ended === "running"));
  process.stdout.write(`${text}\n`);
  return 0;
}

function read(stack: string): string {
  const record = resourcesWithSecrets(stack).find(isKubeconfig);
  const stdout = plain(record?.outputs?.stdout);
  return typeof stdout === "string" ? stdout.trimEnd() : "";
}

function warning(stack: string, isRunning: boolean): string {
  if (isRunning)
    return `The lab ${stack} is being changed right now and its \`up\` has not ended: the cluster may be incomplete.`;
  return `The last \`up\` of the lab ${stack} has not come to its end: the cluster may be incomplete; \`npm run lab -- up ${stack}\` goes on.`;
}
