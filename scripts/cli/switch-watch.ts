/** Watches a lab while it is switched: a twin by its processes, a cluster through its API. */
import {
  canPlay,
  chooseSandbox,
  featuresOf,
  findSandbox,
} from "../../components/infrastructure/twin/sandbox";
import type { LabPlan } from "../../components/plan";
import { studyImage, twinWatcher, type Watch } from "../../components/study";
import { type Deployment, twinOf } from "./deployment";
import { hasKubeconfig, readKubeconfig } from "./kubeconfig";
import { configOf } from "./lab-plan";
import { planOnMachines } from "./living-pods";
import type { LabConfig } from "./overlay";
import { say } from "./terminal";

/** The lab before and after the switch. */
interface Switched {
  before: LabConfig;
  after: LabConfig;
  /** The plan of `after`. */
  wanted: LabPlan | undefined;
}

/**
 * Begins to watch a lab that is about to be switched. A switch that changes nothing is not watched: there is nothing to see.
 * @returns undefined if it is not watched. Where that could surprise, a sentence has said why.
 */
export async function beginWatch(
  deployed: Deployment | undefined,
  { before, after, wanted }: Switched,
): Promise<Watch | undefined> {
  if (!deployed || !wanted) return undefined;
  const twin = twinOf(deployed);
  const plan = twin ? twin.plan : planOnMachines(before, deployed);
  if (!plan || plan.encapsulation === wanted.encapsulation || plan.onTwin !== wanted.onTwin) return undefined;
  if (!twin) return hasKubeconfig(deployed) ? watchCluster(plan, after) : undefined;
  const sandbox = findSandbox(twin.folder);
  // A twin that moves into another sandbox is built anew.
  if (!sandbox || !canPlay(sandbox.kind, chooseSandbox(featuresOf(wanted)).kind)) return undefined;
  return twinWatcher(sandbox).begin(plan);
}

async function watchCluster(plan: LabPlan, { file, config }: LabConfig): Promise<Watch | undefined> {
  try {
    const kubeconfig = await readKubeconfig(file.stack);
    const { study, observe } = configOf(file, config);
    const { image } = studyImage(study);
    const { clusterWatcher } =
      require("../../components/study/cluster") as typeof import("../../components/study/cluster");
    return await clusterWatcher({ kubeconfig, image, keep: observe, say }).begin(plan);
  } catch (error) {
    say(`The switch is not watched: ${(error as Error).message}`);
    return undefined;
  }
}
