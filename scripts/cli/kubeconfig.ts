/** Reads a cluster's kubeconfig. */
import { REMOTE_COMMAND_TYPE } from "../../components/remote/types";
import {
  type Deployment,
  deploymentOf,
  isEmpty,
  outputsOf,
  plain,
  type Resource,
  resourcesWithSecrets,
} from "./deployment";
import { Failure } from "./failure";
import { typed } from "./invocation";
import { lastUpdateOf } from "./last-update";
import { prepareEngineFor } from "./setup";
import { say } from "./terminal";

/** The step that reads the kubeconfig on the control plane. Its output is in the state as soon as the step has run. */
const isKubeconfig = ({ type, urn = "", delete: replaced }: Resource): boolean =>
  type === REMOTE_COMMAND_TYPE && /::kubeconfig-[^:]+$/.test(urn) && !replaced;

/** Whether a deployment has a cluster whose kubeconfig can be read. */
export const hasKubeconfig = ({ resources = [] }: Deployment): boolean => resources.some(isKubeconfig);

/**
 * The administrator's kubeconfig.
 *
 * It comes from the step that read it, not from the stack's outputs. The engine writes the outputs at the end of an
 * `up`: there are none while an `up` still waits for routes, and after a failed `up` they may be those of an earlier
 * cluster.
 * @throws {Failure} when the lab is not up, or has no kubeconfig.
 */
export async function readKubeconfig(stack: string): Promise<string> {
  const deployed = deploymentOf(stack);
  if (!deployed || isEmpty(deployed))
    throw new Failure(`The lab ${stack} is not up; \`${typed(`up ${stack}`)}\` brings it up.`, 1);
  const text = hasKubeconfig(deployed) ? await read(stack) : "";
  if (text === "") {
    throw new Failure(
      `The lab ${stack} has no kubeconfig: it is a twin, which has no cluster, or \`up\` has not made the control plane yet.`,
      1,
    );
  }
  const last = lastUpdateOf(stack, deployed);
  const succeeded = !last || last.ended === "succeeded";
  if (!succeeded || !outputsOf(deployed)?.kubeconfig) say(warning(stack, last?.ended === "running"));
  return text;
}

async function read(stack: string): Promise<string> {
  await prepareEngineFor(stack); // only the engine can decrypt it
  const record = resourcesWithSecrets(stack).find(isKubeconfig);
  const stdout = plain(record?.outputs?.stdout);
  return typeof stdout === "string" ? stdout.trimEnd() : "";
}

function warning(stack: string, isRunning: boolean): string {
  if (isRunning)
    return `The lab ${stack} is being changed right now and its \`up\` has not ended: the cluster may be incomplete.`;
  return `The last \`up\` of the lab ${stack} did not finish: the cluster may be incomplete; \`${typed(`up ${stack}`)}\` goes on.`;
}
