/** What of a stack is deployed, as the engine recorded it. */
import { isDeepStrictEqual } from "node:util";
import { findRealm, type Realm } from "../../components/infrastructure/twin/realm";
import type { LabPlan } from "../../components/plan";
import type { Observation } from "../../components/study";
import { ownFolder, readCheckpoint } from "./backend";
import { askEngine, tellEngine } from "./engine";
import { Failure } from "./failure";

/** A resource of a stack's state, as far as the launcher looks at it. */
export interface Resource {
  type: string;
  urn?: string;
  /** Set while a replaced resource waits to be deleted. */
  delete?: boolean;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

/** A stack's state, as far as the launcher looks at it. */
export interface Deployment {
  /** `time`: when the engine wrote the state. */
  manifest?: { time?: string };
  resources?: Resource[];
  /** What the engine was doing when it was killed. */
  pending_operations?: { resource: Resource }[];
}

/** A twin as it was deployed. */
export interface DeployedTwin {
  folder: string;
  /** Both undefined while no `up` came to its end. */
  plan?: LabPlan;
  observation?: Observation;
}

const PART = "pulumi-nodejs:dynamic/encaplab:";

/** What is deployed of a stack; undefined when the backend does not know the stack. */
export function deploymentOf(stack: string): Deployment | undefined {
  const folder = ownFolder();
  if (folder) {
    const text = readCheckpoint(folder, stack);
    return text === undefined ? undefined : (JSON.parse(text).checkpoint.latest ?? {});
  }
  const { status, stdout, stderr } = askEngine(["stack", "export", "--stack", stack]);
  if (status === 0) return JSON.parse(stdout).deployment ?? {};
  if (/no stack named/.test(stderr)) return undefined;
  throw new Failure(`Your backend does not tell the state of stack ${stack}:\n${stderr.trim()}`, 1);
}

/** The resources of a stack with their secrets in the open. Keep them in memory: never write or print them as a whole. */
export function resourcesWithSecrets(stack: string): Resource[] {
  const state = JSON.parse(tellEngine(["stack", "export", "--show-secrets", "--stack", stack]));
  return state.deployment?.resources ?? [];
}

/** A value of {@link resourcesWithSecrets}: there a secret is an object that holds its JSON as `plaintext`. */
export function plain(value: unknown): unknown {
  const { plaintext } = (value ?? {}) as { plaintext?: string };
  return plaintext === undefined ? value : JSON.parse(plaintext);
}

/** The stack outputs of a lab of machines, as far as the launcher looks at them. */
export interface MachineOutputs {
  encapsulation?: string;
  faults?: string[];
  nodes?: { name: string; role: string; subnet: string; address: string; ssh: string }[];
  kubeconfig?: unknown;
  /** Pods whose MTU is not the one that Calico gives now, each as `namespace/name on node`. */
  podsToRestart?: string[];
}

/**
 * The stack outputs of a deployment. The engine writes them at the end of an `up`: after one that failed they are those of
 * the `up` before it.
 */
export const outputsOf = ({ resources = [] }: Deployment): MachineOutputs | undefined =>
  resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs as MachineOutputs | undefined;

/** Whether nothing is deployed. */
export const isEmpty = (deployed: Deployment | undefined): boolean => !deployed?.resources?.length;

/** Components whose machines are somebody's: what is done to them is shown and asked first. */
const ELSEWHERE = ["encaplab:aws:", "encaplab:openstack:", "encaplab:hosts:Hosts", "aws:", "openstack:"];

/**
 * Whether everything that is deployed lives on this machine: then nothing that costs money can be lost. What runs on nodes
 * lives where they do.
 */
export function isOnThisMachine(deployed: Deployment | undefined): boolean {
  return (deployed?.resources ?? []).every(({ type }) => !ELSEWHERE.some((start) => type.startsWith(start)));
}

/** The twin of a deployment; undefined when it has none. */
export function twinOf(deployed: Deployment | undefined): DeployedTwin | undefined {
  const part = (name: string) => deployed?.resources?.find(({ type }) => type === PART + name);
  const folder = part("Place")?.outputs?.folder;
  if (typeof folder !== "string") return undefined;
  const observation = part("Observation");
  return {
    folder,
    plan: observation?.outputs?.plan as LabPlan | undefined,
    observation: observation?.outputs?.observation as Observation | undefined,
  };
}

/** What stands of a twin, and its realm, which runs. @throws {Failure} saying what is the matter and the way out. */
export function runningTwin(stack: string): DeployedTwin & { realm: Realm } {
  const deployed = deploymentOf(stack);
  const again = `\`npm run lab -- up ${stack}\``;
  if (isEmpty(deployed)) throw new Failure(`The lab ${stack} is not up; ${again} brings it up.`, 1);
  const twin = twinOf(deployed);
  if (!twin) {
    throw new Failure(
      `The lab ${stack} has no twin on this machine; what it has shows \`pulumi stack --stack ${stack}\`, and ${again} makes it complete.`,
      1,
    );
  }
  const realm = findRealm(twin.folder);
  if (!realm) {
    throw new Failure(
      `The lab ${stack} was up, but its processes are gone (was this machine restarted?); ${again} rebuilds it, \`npm run lab -- down ${stack}\` removes what is left.`,
      1,
    );
  }
  return { ...twin, realm };
}

/**
 * Makes the engine forget what it was doing to the twin's parts when it was killed. It would go on anyway, but warn at
 * every run from then on, `refresh` or not: of a part that was being created it cannot know that creating it again is
 * safe. Everything else, which may be a cloud's machine, is left to the engine and its user.
 */
export function forgetInterrupted(stack: string, deployed: Deployment): void {
  const isPart = ({ resource }: { resource: Resource }) => resource.type.startsWith(PART);
  if (!deployed.pending_operations?.some(isPart)) return;
  const state = JSON.parse(tellEngine(["stack", "export", "--stack", stack]));
  const pending: { resource: Resource }[] = state.deployment.pending_operations ?? [];
  state.deployment.pending_operations = pending.filter((operation) => !isPart(operation));
  tellEngine(["stack", "import", "--stack", stack], JSON.stringify(state));
}

/** The parts of two plans that differ, by key. */
export function differences(deployed: LabPlan, wanted: LabPlan): (keyof LabPlan)[] {
  // What went through the state has lost its undefined values.
  const plain = JSON.parse(JSON.stringify(wanted)) as LabPlan;
  const keys = Object.keys({ ...deployed, ...plain }) as (keyof LabPlan)[];
  return keys.filter((key) => !isDeepStrictEqual(deployed[key], plain[key]));
}
