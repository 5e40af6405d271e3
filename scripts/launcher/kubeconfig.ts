/** A cluster's kubeconfig, for a file of one's own. */
import { deploymentOf, isEmpty } from "./deployment";
import { askEngine } from "./engine";
import { Failure } from "./failure";
import { readStackFile } from "./stack-file";

/** Prints the administrator's kubeconfig, and nothing else, on standard output. */
export function printKubeconfig(stack: string): number {
  const deployed = deploymentOf(stack);
  if (!deployed) readStackFile(stack); // a stack nobody knows is a slip of the keyboard
  if (isEmpty(deployed))
    throw new Failure(`The lab ${stack} is not up; \`npm run lab -- up ${stack}\` brings it up.`, 1);
  const { status, stdout } = askEngine(["stack", "output", "kubeconfig", "--show-secrets", "--stack", stack]);
  if (status !== 0 || stdout.trim() === "") {
    throw new Failure(
      `The lab ${stack} has no kubeconfig: a twin has no cluster, and an \`up\` that did not come to its end has none yet.`,
      1,
    );
  }
  process.stdout.write(stdout);
  return 0;
}
