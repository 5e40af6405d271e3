import * as pulumi from "@pulumi/pulumi";
import { ConfigError, parseStackConfig } from "./components/config";
import { createInfrastructure, isTwin } from "./components/infrastructure";
import { judge, planLab } from "./components/plan";
import {
  announceObservation,
  announceVerdict,
  observationOutput,
  TwinObservation,
  verdictOutput,
} from "./components/study";

/** stack config ─► LabConfig ─► LabPlan ─► Infrastructure ─► Observation ─► stack outputs */
function lab() {
  const config = parseStackConfig(pulumi.runtime.allConfig());
  const plan = planLab(config);
  const verdict = judge(plan);
  announceVerdict(verdict);
  const infrastructure = createInfrastructure(pulumi.getStack(), { plan });
  const nodes = plan.nodes.map(({ name, role, subnet, address, block }) => ({
    name,
    role,
    subnet,
    address,
    block,
  }));
  const outputs = {
    encapsulation: plan.encapsulation,
    faults: plan.faults,
    nodes,
    verdict: verdictOutput(verdict),
  };
  if (!isTwin(infrastructure)) return outputs;
  const { observation } = new TwinObservation("observation", { twin: infrastructure, plan });
  announceObservation(observation, infrastructure);
  return { ...outputs, observation: observation.apply(observationOutput) };
}

function labOrPlainSentence() {
  try {
    return lab();
  } catch (error) {
    // A config that cannot be used is the user's to mend: its sentences, and not our stack trace.
    if (error instanceof ConfigError) throw new pulumi.RunError(error.message);
    throw error;
  }
}

export = labOrPlainSentence();
