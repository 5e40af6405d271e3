/** A shell, or one command, on a node that is a machine. */
import { attach, type Target } from "../../components/infrastructure/ssh";
import type { Deployment } from "./deployment";
import { tellEngine } from "./engine";
import { badUsage, Failure } from "./failure";

const REACHABLE = "pulumi-nodejs:dynamic/encaplab:Reachable";

/** The machines of a deployment, by name; empty when it has none. */
export const machinesOf = ({ resources = [] }: Deployment): string[] =>
  resources.flatMap(({ type, inputs }) => (type === REACHABLE ? [String(inputs?.name)] : []));

/** Logs in on a machine of the lab with what the engine knows of it, and returns the exit code. */
export async function remoteShell(
  stack: string,
  machines: readonly string[],
  place: string,
  command: readonly string[],
): Promise<number> {
  if (!machines.includes(place)) {
    throw badUsage(`There is no "${place}" in the lab ${stack}. There is: ${machines.join(", ")}.`);
  }
  const state = JSON.parse(tellEngine(["stack", "export", "--show-secrets", "--stack", stack]));
  const resources: Deployment["resources"] = state.deployment.resources;
  const record = resources?.find(({ type, inputs }) => type === REACHABLE && inputs?.name === place);
  const target = plain(record?.inputs?.target) as Target;
  const line = command.length > 0 ? command.map(quote).join(" ") : undefined;
  try {
    return await attach(target, line);
  } catch (error) {
    throw new Failure(`No shell on ${place}: ${(error as Error).message}`, 1);
  }
}

/** In the open, a secret is an object with its JSON as `plaintext`. */
function plain(value: unknown): unknown {
  const { plaintext } = (value ?? {}) as { plaintext?: string };
  return plaintext === undefined ? value : JSON.parse(plaintext);
}

const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
