/** The lab: the whole line from a config to what the stack says. */
import * as pulumi from "@pulumi/pulumi";
import { ConfigError, type LabConfig, type ProviderSettings, parseConfig, type RawConfig } from "./config";
import {
  createMachines,
  createTwin,
  type InfrastructureArgs,
  type MachineInfrastructure,
  machineOutputs,
  type SiteOutput,
} from "./infrastructure";
import { onlyHere } from "./only-here";
import { judge, type LabPlan, planLab, type Verdict } from "./plan";
import { studyImage } from "./study";
import {
  announceObservation,
  announceVerdict,
  ClusterObservation,
  type ClusterObservationArgs,
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

/** What a lab tells its stack. On machines, `nodes` also say how to log in. */
export interface LabOutputs extends ReturnType<typeof planOutputs> {
  /** What was measured, or `not measured` and why. Absent if the lab has only machines (`cluster: none`). */
  observation?: pulumi.Input<ReturnType<typeof observationOutput> | string>;
  /** The administrator's kubeconfig, secret. Absent on the twin. */
  kubeconfig?: pulumi.Output<string>;
  /** Pods that still have the MTU from before the last switch, as `namespace/name on node`. Absent on the twin. */
  podsToRestart?: pulumi.Output<string[]>;
  /** The private key that was made for the lab, secret. Absent if you log in with your own. */
  privateKey?: pulumi.Output<string>;
  /**
   * The command that saves the private key to the file that `ssh` names. Absent in a program of your own (with a `prefix`),
   * which chooses the names of its outputs itself.
   */
  login?: string;
  /** With `link.peer`: what the other site's stack reads. In a program of your own, export it under this name. */
  site?: SiteOutput;
  /** With `link.peer`, on AWS: the tunnel's pre-shared key, secret, which the other site's stack reads. */
  siteKey?: pulumi.Output<string>;
  /** With `link.gateway: instance`: how to log in to the instance that is the site's gateway. */
  siteGateway?: ReturnType<typeof machineOutputs>["siteGateway"];
  /** On a cloud: what the lab costs, in a sentence. */
  cost?: string;
  /** On a cloud, with `ttl`: when the lab is overdue, as an ISO 8601 time in UTC. */
  expiry?: pulumi.Output<string>;
}

/** Options of what was at the top of the stack until version 0.1, which had no Lab. */
const formerlyOnTop = { aliases: [{ parent: pulumi.rootStackResource }] };

/**
 * A networking lab: machines or a twin, a cluster, Calico in the chosen encapsulation, and the verdict beside the
 * observation. A program can have several, each with a name of its own.
 *
 * @example
 * ```ts
 * import { Lab } from "encaplab";
 *
 * const lab = new Lab("study", { cloud: "twin", encapsulation: "VXLAN" });
 * export const verdict = lab.verdict;
 * export const study = lab.outputs;
 * ```
 */
export class Lab extends pulumi.ComponentResource {
  /** What the lab shall be: pure data. */
  readonly plan: LabPlan;
  /** The prediction for each path. */
  readonly verdict: Verdict;
  /**
   * What the lab has to say: nodes, verdict, observation, and on machines how to log in. A promise, because a cloud is
   * asked first what it offers. A program can export it as it is, and a preview then shows all that is known already.
   * `pulumi.output(lab.outputs).kubeconfig` is one of them.
   */
  readonly outputs: Promise<LabOutputs>;

  /**
   * @param name the lab's name. Unless `prefix` is empty, it is also in the name of the lab's folder, and of whatever a
   *   cloud lists by name: `<stack>-<name>`.
   * @throws {pulumi.RunError} with every problem of the config, in plain sentences, before anything is registered. What
   *   only the cloud or this machine can tell (an unknown region, too small a quota, a missing file) fails `outputs` and
   *   the program in the same way, before anything is built.
   */
  constructor(name: string, args: LabArgs, options?: pulumi.ComponentResourceOptions) {
    const { providerSettings = {}, prefix = `${name}-`, ...raw } = args;
    const { config, plan } = inPlainSentences(() => planConfig(raw));
    super("encaplab:index:Lab", name, {}, options);
    this.plan = plan;
    this.verdict = judge(plan);
    announceVerdict(this.verdict, {
      observed: config.observe && (plan.onTwin || config.cluster !== "none"),
    });
    const own = { plan, config, settings: providerSettings, prefix };
    // The stack's name is in the names of what a cloud lists, so that you know whose it is.
    const stack = prefix === "" ? pulumi.getStack() : `${pulumi.getStack()}-${name}`;
    this.outputs = this.finish(plan.onTwin ? this.onTwin(stack, own) : this.onMachines(stack, own));
  }

  /** Once all resources are declared. @param built what the lab says beside its plan. */
  private async finish(built: Partial<LabOutputs> | Promise<Partial<LabOutputs>>): Promise<LabOutputs> {
    const outputs = { ...planOutputs(this.plan, this.verdict), ...(await built) };
    // Not all of them: what is secret is better written down once.
    this.registerOutputs({ encapsulation: outputs.encapsulation, observation: outputs.observation });
    return outputs;
  }

  private onTwin(stack: string, args: InfrastructureArgs): Partial<LabOutputs> {
    const twin = createTwin(stack, args, { parent: this, ...formerlyOnTop });
    const { plan, config, prefix } = args;
    const { observation } = new TwinObservation(`${prefix}observation`, {
      twin,
      plan,
      measure: config.observe,
    });
    if (!config.observe) return { observation: NOT_MEASURED };
    announceObservation(observation, this.verdict, twin);
    return { observation: observation.apply(observationOutput) };
  }

  private async onMachines(stack: string, args: InfrastructureArgs): Promise<Partial<LabOutputs>> {
    try {
      return await this.buildMachines(stack, args);
    } catch (error) {
      throw plain(error);
    }
  }

  private async buildMachines(stack: string, args: InfrastructureArgs): Promise<Partial<LabOutputs>> {
    const { plan, config, prefix = "" } = args;
    const own = { parent: this, ...formerlyOnTop };
    const hasCluster = config.cluster !== "none";
    if (!hasCluster && !plan.peerSite?.gateway)
      return loginOutputs(stack, prefix, await createMachines(stack, args, own));
    // Load these only here: their SDKs would cost a twin's `up` half a second.
    const { Cluster, createCommandProvider, PeerLink } = require("./cluster") as typeof import("./cluster");
    const { createPodNetwork, planCalico } = require("./calico") as typeof import("./calico");
    // Read the manifest and the archives first, so that a wrong one is an error before anything is built.
    const { image, archive } = studyImage(config.study);
    const sources = hasCluster ? await planCalico(config, plan, archive) : undefined;
    const command = createCommandProvider(`${prefix}command`, own);
    const infrastructure = await createMachines(stack, args, { ...own, dependsOn: command });
    const inside = { ...own, providers: { command } };
    const { end } = infrastructure;
    if (end?.gateway) new PeerLink(`${prefix}peer-link`, { plan, gateway: end.gateway, prefix }, inside);
    if (!hasCluster) return loginOutputs(stack, prefix, infrastructure);
    const cluster = new Cluster(
      `${prefix}cluster`,
      { plan, infrastructure, prefix, psk: config.link?.psk },
      inside,
    );
    const network = createPodNetwork(`${prefix}calico`, { plan, cluster, sources, prefix }, inside);
    return {
      ...loginOutputs(stack, prefix, infrastructure),
      kubeconfig: cluster.kubeconfig,
      podsToRestart: network.podsToRestart,
      observation: config.observe
        ? this.observe(
            {
              plan,
              cluster,
              network,
              image,
              internet: config.study?.internet,
              ...(infrastructure.folder && { folder: infrastructure.folder }),
            },
            prefix,
          )
        : NOT_MEASURED,
    };
  }

  private observe(args: ClusterObservationArgs, prefix: string): LabOutputs["observation"] {
    const resource = new ClusterObservation(`${prefix}observation`, args, { parent: this });
    const measured = pulumi
      .unsecret(pulumi.all([resource.observation, resource.problem]))
      .apply(([observation, problem = "nothing was said"]) => observation ?? { problem });
    announceObservation(measured, this.verdict, resource);
    return measured.apply((seen) =>
      "problem" in seen ? `${NOT_MEASURED}: ${seen.problem}` : observationOutput(seen),
    );
  }
}

/** The output of a lab that was not measured. */
const NOT_MEASURED = "not measured";

function planConfig(raw: RawConfig): { config: LabConfig; plan: LabPlan } {
  const config = parseConfig(raw);
  const plan = planLab(config);
  if (onlyHere() && !plan.onThisMachine) {
    throw new pulumi.RunError(
      `Nothing was built: the command line took this for a lab on this machine and did not ask, but the engine's config says cloud: ${config.cloud}. Write the stack's file as stacks/Pulumi.local.yaml is written, with the namespace before each key; keys in Pulumi.yaml and an \`environment\` count for the engine, too.`,
    );
  }
  return { config, plan };
}

function planOutputs(plan: LabPlan, verdict: Verdict) {
  const nodes = plan.nodes.map(({ name, role, subnet, address, block }) => ({
    name,
    role,
    subnet,
    address,
    block,
  }));
  const { encapsulation, ipPools, faults, fabric, onContainers } = plan;
  // Whose rules the nodes are under does not follow from where they are.
  return {
    encapsulation,
    ...(ipPools && { ipPools }),
    ...(onContainers && { fabric }),
    faults,
    nodes,
    verdict: verdictOutput(verdict),
  };
}

/** How to log in to the machines. */
function loginOutputs(stack: string, prefix: string, infrastructure: MachineInfrastructure) {
  const { login, ...outputs } = machineOutputs(stack, infrastructure);
  return { ...outputs, ...(prefix === "" && login && { login }) };
}

/** A wrong config is the user's to fix: the engine then shows the sentence, and not our stack trace. */
const plain = (error: unknown): unknown =>
  error instanceof ConfigError ? new pulumi.RunError(forThisStack(error.message)) : error;

/** A message whose commands name the stack: without it, they would change the stack that happens to be selected. */
const forThisStack = (message: string): string =>
  message.replaceAll("pulumi config set ", `pulumi -s ${pulumi.getStack()} config set `);

function inPlainSentences<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw plain(error);
  }
}
