/** The lab: the whole line from a config to what the stack says. */
import * as pulumi from "@pulumi/pulumi";
import { ConfigError, type ProviderSettings, parseConfig, type RawConfig } from "./config";
import { createMachines, createTwin, type InfrastructureArgs, machineOutputs } from "./infrastructure";
import { judge, type LabPlan, planLab, type Verdict } from "./plan";
import {
  announceObservation,
  announceVerdict,
  observationOutput,
  TwinObservation,
  verdictOutput,
} from "./study/stack";

/** A lab's config, with the keys and values of a stack file's `encaplab:` section. */
export interface LabArgs extends RawConfig {
  /** Settings for the cloud's own provider, as a stack file has them in its namespace (`aws:profile`). Default: none. */
  providerSettings?: ProviderSettings;
  /** Begins the name of every resource. Default: the lab's name and a hyphen. */
  prefix?: string;
}

/** What a lab gives to its stack. On machines `nodes` also say how to log in. */
export interface LabOutputs extends ReturnType<typeof planOutputs> {
  /** What was measured, or `not measured`. */
  observation?: pulumi.Input<ReturnType<typeof observationOutput> | string>;
  /** The administrator's kubeconfig, secret. Absent on the twin. */
  kubeconfig?: pulumi.Output<string>;
  /** Pods that still have the MTU from before the last switch, as `namespace/name on node`. Absent on the twin. */
  podsToRestart?: pulumi.Output<string[]>;
  /** The private key that was made for the stack, secret. Absent if you log in with your own. */
  privateKey?: pulumi.Output<string>;
  /** The command that saves the private key to a file. */
  login?: string;
  /** On a cloud: what the lab costs, in a sentence. */
  cost?: string;
  /** On a cloud, with `ttl`: when the lab is overdue, as an ISO 8601 time in UTC. */
  expiry?: pulumi.Output<string>;
}

/** Options of what was at the top of the stack until version 0.1, which had no Lab. */
const formerlyOnTop = { aliases: [{ parent: pulumi.rootStackResource }] };

/**
 * A networking lab: machines or a twin, a cluster, Calico in the chosen encapsulation, and the verdict beside the
 * observation.
 *
 * @example
 * ```ts
 * import { Lab } from "encaplab";
 *
 * const lab = new Lab("study", { cloud: "twin", encapsulation: "VXLAN" });
 * export const verdict = lab.verdict;
 * export const seen = lab.outputs;
 * ```
 */
export class Lab extends pulumi.ComponentResource {
  /** What the lab shall be: pure data. */
  readonly plan: LabPlan;
  /** The prediction for each path. */
  readonly verdict: Verdict;
  /**
   * What the lab has to say: nodes, verdict, observation, and on machines how to log in. A promise, because a cloud is
   * asked first what it offers. It can be exported from a program as it is.
   */
  readonly outputs: Promise<LabOutputs>;

  /**
   * @throws {pulumi.RunError} with every problem of the config, in plain sentences. What only the cloud can tell (an
   *   unknown region, too small a quota) fails `outputs` and the program in the same way, before anything is built.
   */
  constructor(name: string, args: LabArgs, options?: pulumi.ComponentResourceOptions) {
    super("encaplab:index:Lab", name, {}, options);
    const { providerSettings = {}, prefix = `${name}-`, ...raw } = args;
    const config = inPlainSentences(() => parseConfig(raw));
    this.plan = inPlainSentences(() => planLab(config));
    this.verdict = judge(this.plan);
    announceVerdict(this.verdict, { observed: this.plan.onTwin });
    const own = { plan: this.plan, config, settings: providerSettings, prefix };
    // The stack's name is in the names of what a cloud lists, so that you know whose it is.
    const stack = prefix === "" ? pulumi.getStack() : `${pulumi.getStack()}-${name}`;
    const built = this.plan.onTwin ? this.onTwin(stack, own) : this.onMachines(stack, own);
    this.outputs = Promise.resolve(built).then((rest) => ({
      ...planOutputs(this.plan, this.verdict),
      ...rest,
    }));
  }

  private onTwin(stack: string, args: InfrastructureArgs): Partial<LabOutputs> {
    const twin = createTwin(stack, args, { parent: this, ...formerlyOnTop });
    const { observation } = new TwinObservation(`${args.prefix}observation`, { twin, plan: args.plan });
    announceObservation(observation, this.verdict, twin);
    const outputs = { observation: observation.apply(observationOutput) };
    this.registerOutputs(outputs);
    return outputs;
  }

  private async onMachines(stack: string, args: InfrastructureArgs): Promise<Partial<LabOutputs>> {
    try {
      const outputs = await this.buildMachines(stack, args);
      this.registerOutputs({});
      return outputs;
    } catch (error) {
      throw plain(error);
    }
  }

  private async buildMachines(stack: string, args: InfrastructureArgs): Promise<Partial<LabOutputs>> {
    const { plan, config, prefix } = args;
    const own = { parent: this, ...formerlyOnTop };
    if (config.cluster === "none") return machineOutputs(stack, await createMachines(stack, args, own));
    // Load these only here: their SDKs would cost a twin's `up` half a second.
    const { Cluster, createCommandProvider } = require("./cluster") as typeof import("./cluster");
    const { createPodNetwork, planCalico } = require("./calico") as typeof import("./calico");
    // Read the manifest and the archives first, so that a wrong one is an error before anything is built.
    const sources = await planCalico(config, plan);
    const command = createCommandProvider(`${prefix}command`, own);
    const infrastructure = await createMachines(stack, args, { ...own, dependsOn: command });
    const inside = { ...own, providers: { command } };
    const cluster = new Cluster(`${prefix}cluster`, { plan, infrastructure, prefix }, inside);
    const network = createPodNetwork(`${prefix}calico`, { plan, cluster, sources, prefix }, inside);
    return {
      ...machineOutputs(stack, infrastructure),
      kubeconfig: cluster.kubeconfig,
      podsToRestart: network.podsToRestart,
      observation: "not measured",
    };
  }
}

function planOutputs(plan: LabPlan, verdict: Verdict) {
  const nodes = plan.nodes.map(({ name, role, subnet, address, block }) => ({
    name,
    role,
    subnet,
    address,
    block,
  }));
  return { encapsulation: plan.encapsulation, faults: plan.faults, nodes, verdict: verdictOutput(verdict) };
}

/** A wrong config is the user's to fix: the engine then shows the sentence, and not our stack trace. */
const plain = (error: unknown): unknown =>
  error instanceof ConfigError ? new pulumi.RunError(error.message) : error;

function inPlainSentences<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw plain(error);
  }
}
