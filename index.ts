import * as pulumi from "@pulumi/pulumi";
import { ConfigError, parseStackConfig, providerSettings } from "./components/config";
import {
  createMachines,
  createTwin,
  type InfrastructureArgs,
  machineOutputs,
} from "./components/infrastructure";
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
  const args = { plan, config, settings: providerSettings(stack, plan.cloud) };
  const nodes = plan.nodes.map(({ name, role, subnet, address, block }) => ({
    name,
    role,
    subnet,
    address,
    block,
  }));
  return {
    encapsulation: plan.encapsulation,
    faults: plan.faults,
    nodes,
    verdict: verdictOutput(verdict),
    ...(plan.onTwin ? onTwin(args) : await onMachines(args)),
  };
}

function onTwin(args: InfrastructureArgs) {
  const twin = createTwin(pulumi.getStack(), args);
  const { observation } = new TwinObservation("observation", { twin, plan: args.plan });
  announceObservation(observation, twin);
  return { observation: observation.apply(observationOutput) };
}

async function onMachines(args: InfrastructureArgs) {
  if (args.config.cluster === "none") {
    return machineOutputs(pulumi.getStack(), await createMachines(pulumi.getStack(), args));
  }
  // Load these only here: their SDKs would cost a twin's `up` half a second.
  const { Cluster, createCommandProvider } =
    require("./components/cluster") as typeof import("./components/cluster");
  const { Calico, planCalico } = require("./components/calico") as typeof import("./components/calico");
  const { plan, config } = args;
  // Read the manifest and the archives first, so that a wrong one is an error before anything is built.
  const sources = await planCalico(config, plan);
  const command = createCommandProvider();
  const infrastructure = await createMachines(pulumi.getStack(), args, { dependsOn: command });
  const cluster = new Cluster("cluster", { plan, infrastructure }, { providers: { command } });
  const calico = new Calico("calico", { plan, cluster, sources }, { providers: { command } });
  return {
    ...machineOutputs(pulumi.getStack(), infrastructure),
    kubeconfig: cluster.kubeconfig,
    podsToRestart: calico.podsToRestart,
    observation: "not measured",
  };
}

async function labOrPlainSentence() {
  try {
    return await lab();
  } catch (error) {
    // The user has to fix the config: show what is wrong with it, and not our stack trace.
    if (error instanceof ConfigError) throw new pulumi.RunError(error.message);
    throw error;
  }
}

// Export the function, not a promise, so that the SDK reports its errors.
export = labOrPlainSentence;
