/** The prediction for the tunnel to the stack that is the other site, where its file is here. */
import { type Across, judgeAcross, type LabPlan, type PeerSitePlan, stackName } from "../../components/plan";
import { Failure } from "./failure";
import { planOf } from "./lab-plan";
import { labConfig } from "./overlay";
import { hasFile } from "./stack-file";

/** The prediction, or a sentence that says why there is none. */
export type AcrossOrWhyNot = { peer: string; across: Across } | { peer: string; whyNot: string };

/** What is predicted between a stack and its peer; undefined in a lab without `link.peer`. */
export function acrossOf(stack: string, plan: LabPlan): AcrossOrWhyNot | undefined {
  if (!hasPeer(plan)) return undefined;
  const peer = stackName(plan.peerSite.stack);
  const unknown = (whyNot: string) => ({
    peer,
    whyNot: `Nothing is predicted for the tunnel to ${peer}: ${whyNot}`,
  });
  if (!hasFile(peer)) return unknown("its stack file is not here.");
  try {
    const { file, config } = labConfig(peer);
    const theirs = planOf(file, config);
    if (!hasPeer(theirs)) return unknown(`${file.name} has no link.peer.`);
    return { peer, across: judgeAcross({ stack: stackName(stack), plan }, { stack: peer, plan: theirs }) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return unknown(error.message);
  }
}

const hasPeer = (plan: LabPlan): plan is LabPlan & { peerSite: PeerSitePlan } => plan.peerSite !== undefined;
