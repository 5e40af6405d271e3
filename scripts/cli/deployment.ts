/** What is deployed of a stack, as the engine recorded it. */
import { isDeepStrictEqual } from "node:util";
import type { Encapsulation, FaultSetting } from "../../components/config";
import { labIdsIn } from "../../components/infrastructure/leftovers";
import { findSandbox, hasFormerSandbox, type Sandbox } from "../../components/infrastructure/twin/sandbox";
import { type LabPlan, type PoolPlan, withFaults } from "../../components/plan";
import { dynamicName, isElsewhere, isOfCloud, STACK_TYPE } from "../../components/remote/types";
import type { Observation } from "../../components/study";
import { ownFolder } from "./backend";
import { tellEngine } from "./engine";
import { Failure } from "./failure";
import { typed } from "./invocation";
import { readState } from "./state-file";
import { exportState, importState } from "./workspace";

/** A resource in a stack's state, as far as the command line reads it. */
export interface Resource {
  type: string;
  urn?: string;
  id?: string;
  /** Set while a replaced resource waits to be deleted. */
  delete?: boolean;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

/** A stack's state, as far as the command line reads it. */
export interface Deployment {
  /** `time`: when the engine wrote the state. */
  manifest?: { time?: string };
  resources?: Resource[];
  /** What the engine does now, or was doing when it was killed. `type`: as a participle, e.g. `updating`. */
  pending_operations?: { resource: Resource; type?: string }[];
}

/** A twin as it was deployed. */
export interface DeployedTwin {
  folder: string;
  /** Both are undefined until an `up` has finished. */
  plan?: LabPlan;
  observation?: Observation;
}

/**
 * What is deployed of a stack; undefined when the backend does not know the stack.
 * @throws {Failure} when the backend cannot be read.
 */
export function deploymentOf(stack: string): Deployment | undefined {
  const folder = ownFolder();
  if (folder) return readState(folder, stack);
  const state = exportState(stack);
  return state && (state.deployment ?? {});
}

/** The resources of a stack with their secrets decrypted. Keep them in memory: never write or print all of them. */
export function resourcesWithSecrets(stack: string): Resource[] {
  const state = JSON.parse(tellEngine(["stack", "export", "--show-secrets", "--stack", stack]));
  return state.deployment?.resources ?? [];
}

/** Decodes a value of {@link resourcesWithSecrets}, where a secret is an object with its JSON as `plaintext`. */
export function plain(value: unknown): unknown {
  const { plaintext } = (value ?? {}) as { plaintext?: string };
  return plaintext === undefined ? value : JSON.parse(plaintext);
}

/** The stack outputs of a lab of machines, as far as the command line reads them. */
export interface MachineOutputs {
  encapsulation?: Encapsulation;
  /** Absent in a lab with one pool. */
  ipPools?: PoolPlan[];
  /** Of node containers: whose network rules they are under. */
  fabric?: string;
  faults?: FaultSetting[];
  nodes?: { name: string; role: string; subnet: string; address: string; ssh: string }[];
  kubeconfig?: unknown;
  /** Pods whose MTU is not the one that Calico gives to new pods, each as `namespace/name on node`. */
  podsToRestart?: string[];
  /** On a cloud: the command that saves the private key, the cost per hour, when the lab is overdue. */
  login?: string;
  cost?: string;
  expiry?: unknown;
}

/**
 * The stack outputs of a deployment. The engine writes them at the end of an `up`: after a failed `up` they are those
 * of the one before.
 */
export const outputsOf = ({ resources = [] }: Deployment): MachineOutputs | undefined =>
  resources.find(({ type }) => type === STACK_TYPE)?.outputs as MachineOutputs | undefined;

/** Whether nothing is deployed. */
export const isEmpty = (deployed: Deployment | undefined): boolean => !deployed?.resources?.length;

/**
 * Whether everything that is deployed is on this machine, so that nothing that costs money can be lost. What runs on
 * nodes is where the nodes are.
 */
export function isOnThisMachine(deployed: Deployment | undefined): boolean {
  return (deployed?.resources ?? []).every(({ type }) => !isElsewhere(type));
}

/** The twin of a deployment; undefined when it has none. */
export function twinOf(deployed: Deployment | undefined): DeployedTwin | undefined {
  const named = (name: string) => deployed?.resources?.find(({ type }) => dynamicName(type) === name);
  const folder = named("TwinFolder")?.outputs?.folder;
  if (typeof folder !== "string") return undefined;
  const outputs = named("Observation")?.outputs;
  const plan = outputs?.plan as LabPlan | undefined;
  return {
    folder,
    // A plan that an earlier version recorded does not say what its faults do to each node.
    plan: plan && withFaults(plan, plan.faults),
    observation: outputs?.observation as Observation | undefined,
  };
}

/** Whether a resource is what was measured, on a twin or a cluster. */
export const isObservation = ({ type }: Resource): boolean =>
  ["Observation", "ClusterObservation"].includes(dynamicName(type) ?? "");

/** The lab folder of a deployment's node containers; undefined when it has none. */
export function containersOf(deployed: Deployment | undefined): string | undefined {
  const isFolder = ({ type }: Resource) => dynamicName(type) === "ContainersFolder";
  const folder = deployed?.resources?.find(isFolder)?.outputs?.folder;
  return typeof folder === "string" ? folder : undefined;
}

/** What was last measured, on a twin or a cluster; undefined when nothing was. */
export function observationOf(deployed: Deployment | undefined): Observation | undefined {
  return deployed?.resources?.find(isObservation)?.outputs?.observation as Observation | undefined;
}

/**
 * Whether a lab was measured at that time or later, with another outcome than predicted. It is measured once everything
 * else is in place.
 * @param since in ms since 1970, as `Date.now()` returns it.
 */
export function disagreesSince(deployed: Deployment | undefined, since: number): boolean {
  const { agrees, at = "" } = observationOf(deployed) ?? {};
  return agrees === false && Date.parse(at) >= since;
}

/** Why a twin has no sandbox that commands can use, as the end of a sentence about the lab. */
export const whyGone = (folder: string): string =>
  hasFormerSandbox(folder)
    ? "was built by an earlier version of encaplab"
    : "was up, but its processes are gone (was this machine restarted?)";

/** For a lab whose last `up` was ended before its plan was in the state. */
export const incomplete = (stack: string): Failure =>
  new Failure(
    `The lab ${stack} is not complete: its last \`up\` did not finish; \`${typed(`up ${stack}`)}\` completes it.`,
    1,
  );

/** A deployed twin and its running sandbox. @throws {Failure} when there is none, with the reason and what to do. */
export function runningTwin(stack: string): DeployedTwin & { sandbox: Sandbox } {
  const deployed = deploymentOf(stack);
  const again = `\`${typed(`up ${stack}`)}\``;
  if (isEmpty(deployed)) throw new Failure(`The lab ${stack} is not up; ${again} brings it up.`, 1);
  const twin = twinOf(deployed);
  if (!twin) {
    throw new Failure(
      `The lab ${stack} has no twin on this machine; \`pulumi stack --stack ${stack}\` shows what it has, and ${again} completes it.`,
      1,
    );
  }
  const sandbox = findSandbox(twin.folder);
  if (!sandbox) {
    throw new Failure(
      `The lab ${stack} ${whyGone(twin.folder)}; ${again} rebuilds it, \`${typed(`down ${stack}`)}\` removes what is left.`,
      1,
    );
  }
  return { ...twin, sandbox };
}

/**
 * Removes pending operations, which a killed engine leaves in the state. The engine would go on in spite of them, but warn
 * at every later run, with or without `refresh`: it cannot know that it is safe to create such a resource again. It is safe
 * for our own dynamic resources, and for a cloud's, if the lab has an id: every `up` and `down` then finds by it what the
 * state does not know. Others are left to the engine and the user.
 */
export function forgetInterrupted(stack: string, deployed: Deployment): void {
  const hasId = labIdsIn(deployed.resources ?? []).length > 0;
  const isOurs = ({ resource: { type } }: { resource: Resource }) =>
    dynamicName(type) !== undefined || (hasId && isOfCloud(type));
  if (!deployed.pending_operations?.some(isOurs)) return;
  const state = exportState(stack) as { deployment: Deployment };
  const pending = state.deployment.pending_operations ?? [];
  state.deployment.pending_operations = pending.filter((operation) => !isOurs(operation));
  importState(stack, state);
}

/** The keys whose values differ between two plans. */
export function differences(deployed: LabPlan, wanted: LabPlan): (keyof LabPlan)[] {
  // The plan from the state has lost its undefined values, so remove them here too.
  const plain = JSON.parse(JSON.stringify(wanted)) as LabPlan;
  const keys = Object.keys({ ...deployed, ...plain }) as (keyof LabPlan)[];
  return keys.filter((key) => !isDeepStrictEqual(deployed[key], plain[key]));
}
