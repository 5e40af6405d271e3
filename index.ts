import * as pulumi from "@pulumi/pulumi";
import { ConfigError, parseStackConfig, providerSettings } from "./components/config";
import { createInfrastructure, isTwin, machineOutputs } from "./components/infrastructure";
import { judge, planLab } from "./components/plan";
import {
  announceObservation,
  announceVerdict,
  observationOutput,
  TwinObservation,
  verdictOutput,
} from "./components/study/stack";

/** stack config ─► LabConfig ─► LabPlan ─► Infrastructure ─► Cluster ─► Calico ─► Observation ─► stack outputs */
async function lab() {
  const stack = pulumi.runtime.allConfig();
  const config = parseStackConfig(stack);
  const plan = planLab(config);
  const verdict = judge(plan);
  announceVerdict(verdict);
  const settings = providerSettings(stack, plan.cloud);
  // Whatever can be wrong is found before anything is built.
  const manifest = plan.onTwin ? undefined : await onMachines().planCalico(config, plan);
  const infrastructure = await createInfrastructure(pulumi.getStack(), { plan, config, settings });
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
  if (!isTwin(infrastructure)) {
    const { Cluster, Calico } = onMachines();
    const cluster = new Cluster("cluster", { plan, infrastructure });
    new Calico("calico", { plan, cluster, manifest });
    return {
      ...outputs,
      ...machineOutputs(pulumi.getStack(), infrastructure),
      kubeconfig: cluster.kubeconfig,
      observation: "not measured",
    };
  }
  const { observation } = new TwinObservation("observation", { twin: infrastructure, plan });
  announceObservation(observation, infrastructure);
  return { ...outputs, observation: observation.apply(observationOutput) };
}

/** Loaded only where there are machines: their SDKs cost a twin's `up` half a second. */
function onMachines() {
  const { Cluster } = require("./components/cluster") as typeof import("./components/cluster");
  const { Calico, planCalico } = require("./components/calico") as typeof import("./components/calico");
  return { Cluster, Calico, planCalico };
}

async function labOrPlainSentence() {
  try {
    return await lab();
  } catch (error) {
    // A config that cannot be used is the user's to mend: its sentences, and not our stack trace.
    if (error instanceof ConfigError) throw new pulumi.RunError(error.message);
    throw error;
  }
}

// The function itself: the engine's SDK calls it, and is there to hear of its failure.
export = labOrPlainSentence;
