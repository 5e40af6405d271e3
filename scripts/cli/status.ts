/** The state of a lab as data: what is up, what was last measured, what differs from its config. */
import { type Encapsulation, faultLabel } from "../../components/config";
import { findSandbox, type SandboxKind } from "../../components/infrastructure/twin/sandbox";
import type { LabPlan, PoolPlan } from "../../components/plan";
import type { CloudLook } from "./cloud-look";
import {
  type DeployedTwin,
  type Deployment,
  deploymentOf,
  differences,
  isEmpty,
  observationOf,
  outputsOf,
  twinOf,
  whyGone,
} from "./deployment";
import { Failure } from "./failure";
import { type DescribedChange, describeChanges, show } from "./lab-changes";
import { planOf } from "./lab-plan";
import { lastUpdateOf, troubleWith } from "./last-update";
import { labConfig } from "./overlay";
import { hasFile } from "./stack-file";
import { DamagedState } from "./state-file";

/** A node of a lab. A twin's has pods and a block, a machine says how to log in. */
export interface NodeStatus {
  name: string;
  role: string;
  subnet: string;
  address: string;
  block?: string;
  pods?: string[];
  ssh?: string;
}

/** A lab as it was deployed. */
export interface LabStatus {
  stack: string;
  /** `gone`: the twin's processes have ended. `incomplete`: no `up` has finished. `damaged`: the state cannot be read. */
  state: "up" | "down" | "gone" | "incomplete" | "damaged";
  /** What is wrong with the last run, and what to do. If set, the rest is what was recorded before. */
  trouble?: string;
  /** For `gone`: why, as the end of a sentence about the lab. */
  why?: string;
  /** What of a twin was changed by hand since the last `up`. */
  altered?: string[];
  /** Of machines in a cloud: what is not as the last run recorded it, or why the cloud was not looked at. */
  cloud?: CloudLook;
  /** Where a twin runs; absent for machines. */
  sandbox?: SandboxKind;
  cluster?: boolean;
  encapsulation?: Encapsulation;
  /** Absent in a lab with one pool. */
  ipPools?: PoolPlan[];
  fabric?: string;
  faults?: readonly string[];
  nodes?: NodeStatus[];
  /** What the last `up` measured; absent if it measured nothing. */
  observation?: { agrees: boolean; disagreements: number };
  /** What was changed for this lab. */
  changed: DescribedChange[];
  /** What the lab's config says that is not up yet, or why the config cannot be used. */
  notYetUp: string[];
  configError?: string;
}

/** Reads the state of a lab. */
export function statusOf(stack: string): LabStatus {
  try {
    return readStatus(stack);
  } catch (error) {
    if (!(error instanceof DamagedState)) throw error;
    // The other labs of this machine still have a status.
    return { stack, state: "damaged", trouble: error.message, changed: [], notYetUp: [] };
  }
}

function readStatus(stack: string): LabStatus {
  const deployed = deploymentOf(stack);
  const last = deployed && lastUpdateOf(stack, deployed);
  const trouble = troubleWith(stack, last);
  const config = configOf(stack, twinOf(deployed)?.plan);
  if (!deployed || isEmpty(deployed)) {
    const matters = last?.ended === "running" || last?.ended === "killed" || last?.command === "up";
    return { stack, state: "down", trouble: matters ? trouble : undefined, ...config };
  }
  return { stack, trouble, ...builtOf(deployed), ...config };
}

function builtOf(deployed: Deployment): Omit<LabStatus, "stack" | "changed" | "notYetUp"> {
  const twin = twinOf(deployed);
  if (twin) return twinStatus(twin);
  const { nodes, encapsulation, ipPools, fabric, faults = [], kubeconfig } = outputsOf(deployed) ?? {};
  if (!nodes) return { state: "incomplete" };
  return {
    state: "up",
    cluster: kubeconfig !== undefined,
    encapsulation,
    ...(ipPools && { ipPools }),
    fabric,
    faults: faults.map(faultLabel),
    nodes,
    observation: seenIn(deployed),
  };
}

/** The outcome of the last observation; undefined if there was none. */
function seenIn(deployed: Deployment | undefined): LabStatus["observation"] {
  const observation = observationOf(deployed);
  return observation && { agrees: observation.agrees, disagreements: observation.disagreements.length };
}

function twinStatus({ folder, plan, observation }: DeployedTwin) {
  const sandbox = findSandbox(folder)?.kind;
  if (!sandbox) return { state: "gone" as const, why: whyGone(folder) };
  if (!plan) return { state: "incomplete" as const, sandbox };
  const { encapsulation, ipPools, fabric } = plan;
  const faults = plan.faults.map(faultLabel);
  const nodes = plan.nodes.map(({ name, role, subnet, address, block, pods }) => ({
    name,
    role,
    subnet,
    address,
    block,
    pods: pods.map((pod) => pod.name),
  }));
  const seen = observation && { agrees: observation.agrees, disagreements: observation.disagreements.length };
  return {
    state: "up" as const,
    sandbox,
    encapsulation,
    ...(ipPools && { ipPools }),
    fabric,
    faults,
    nodes,
    observation: seen,
  };
}

/** The keys of the plan that the user sets directly. Everything else follows from them. */
const WRITTEN = ["cloud", "fabric", "encapsulation", "faults", "serviceCidr", "proxyMode"] as const;

function configOf(
  stack: string,
  plan: LabPlan | undefined,
): Pick<LabStatus, "changed" | "notYetUp" | "configError"> {
  if (!hasFile(stack)) return { changed: [], notYetUp: [] };
  try {
    const config = labConfig(stack);
    const changed = describeChanges(config);
    return { changed, notYetUp: plan ? waiting(plan, planOf(config.file, config.config)) : [] };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { changed: [], notYetUp: [], configError: error.message };
  }
}

function waiting(deployed: LabPlan, wanted: LabPlan): string[] {
  const keys = differences(deployed, wanted);
  const written = WRITTEN.filter((key) => keys.includes(key));
  return written.length > 0 ? written.map((key) => `${key} ${show(wanted[key])}`) : keys;
}

/** The same status with what was changed by hand inside a twin that is up. A twin that cannot be asked is left as it is. */
export async function withAltered(status: LabStatus): Promise<LabStatus> {
  if (status.state !== "up" || !status.sandbox) return status;
  const folder = twinOf(deploymentOf(status.stack))?.folder;
  const sandbox = folder === undefined ? undefined : findSandbox(folder);
  if (!sandbox) return status;
  const { alteredParts } =
    require("../../components/infrastructure/twin/look") as typeof import("../../components/infrastructure/twin/look");
  const altered = await alteredParts(sandbox).catch(() => []);
  return altered.length > 0 ? { ...status, altered } : status;
}

/** The same status with what a cloud says of the lab's machines now. */
export async function withCloud(status: LabStatus): Promise<LabStatus> {
  if (status.sandbox || (status.state !== "up" && status.state !== "incomplete")) return status;
  const { lookAtCloud } = require("./cloud-look") as typeof import("./cloud-look");
  const cloud = await lookAtCloud(status.stack);
  return cloud ? { ...status, cloud } : status;
}
