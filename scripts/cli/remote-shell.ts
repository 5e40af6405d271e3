/** Opens a shell, or runs one command, on a node that is a machine. */
import { quote } from "../../components/cluster/steps";
import { attach, type Target } from "../../components/remote";
import { dynamicName } from "../../components/remote/types";
import { type Deployment, plain, type Resource, resourcesWithSecrets } from "./deployment";
import { badUsage, Failure } from "./failure";

/** The resource that says how to log in to a machine. */
const isLogin = ({ type }: Resource): boolean => dynamicName(type) === "Reachable";

/** The machines of a deployment, by name; empty when it has none. */
export const machinesOf = ({ resources = [] }: Deployment): string[] =>
  resources.flatMap((resource) => (isLogin(resource) ? [String(resource.inputs?.name)] : []));

/**
 * How to log in to a machine of the lab, with its private key, as the engine's state has it.
 * @throws {Failure} when the state has no such machine.
 */
export function targetOf(stack: string, machine: string): Target {
  const record = resourcesWithSecrets(stack).find(
    (resource) => isLogin(resource) && resource.inputs?.name === machine,
  );
  const target = plain(record?.inputs?.target) as Target | undefined;
  if (!target)
    throw new Failure(`The state of the lab ${stack} does not say how to log in to ${machine}.`, 1);
  return target;
}

/** Logs in to a machine of the lab with the login from the engine's state, and returns the exit code. */
export async function remoteShell(
  stack: string,
  machines: readonly string[],
  name: string,
  command: readonly string[],
): Promise<number> {
  if (!machines.includes(name)) {
    throw badUsage(`There is no "${name}" in the lab ${stack}. It has: ${machines.join(", ")}.`);
  }
  const target = targetOf(stack, name);
  const line = command.length > 0 ? command.map(quote).join(" ") : undefined;
  try {
    return await attach(target, line);
  } catch (error) {
    throw new Failure(`No shell on ${name}: ${(error as Error).message}`, 1);
  }
}
