/** A stack with a cluster under test: the real engine, and access to the cluster. */
import { execFile, execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";
import { type LabConfig, parseConfig } from "../../components/config";
import { forgetConnections } from "../../components/infrastructure/hosts/containers/run";
import { type LabPlan, planLab } from "../../components/plan";
import { type Follower, type Observation, observe, type Watched } from "../../components/study";
import {
  cleanUp,
  clusterFollower,
  clusterProber,
  clusterWatcher,
  NAMESPACE,
} from "../../components/study/cluster";
import { program, TOOLS_IMAGE } from "./cluster-build";
import { RUN } from "./containers";
import type { EnvironmentOptions } from "./engine-environment";
import { hasMade } from "./engine-events";
import { Lab, type Update } from "./lab";
import type { RawConfig } from "./problems";
import type { Victim } from "./running";
import { until } from "./sandbox";
import { standIns } from "./standins";

const execute = promisify(execFile);

/** A lab on machines. Its engine has Pulumi's two plug-ins on its PATH, or our stand-ins for them. */
export class MachinesLab extends Lab {
  /** The plan of the last {@link configure}. */
  plan!: LabPlan;
  /** The checked config of the last {@link configure}. */
  config!: LabConfig;

  protected constructor(stack: string, options: EnvironmentOptions) {
    super(stack, options);
    this.env.PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION = "true";
  }

  /** Makes the stack, without resources. */
  static async init(stack: string): Promise<MachinesLab> {
    const lab = new MachinesLab(stack, await MachinesLab.plugIns());
    await lab.init();
    return lab;
  }

  /** The environment's options that put the plug-ins on PATH. */
  protected static async plugIns(): Promise<EnvironmentOptions> {
    return { path: await standIns() };
  }

  override configure(raw: RawConfig): void {
    this.config = parseConfig(raw);
    this.plan = planLab(this.config);
    super.configure(raw);
  }

  /** Brings the cluster up, and waits until its nodes, and no others, are ready. */
  async upWithNodes(): Promise<void> {
    await this.up();
    await this.readKubeconfig();
    await this.ready(...this.plan.nodes.map(({ name }) => name));
  }

  /**
   * Starts an `up` and kills it at a moment.
   * @param moment is asked again and again; the kill is as soon as it returns true.
   * @throws {Error} when the engine ends before.
   */
  async killedWhen(moment: (update: Update) => boolean, victim: Victim): Promise<void> {
    await this.killed("up", victim, async (update) => {
      const { running } = update;
      await until(() => !running.isRunning || moment(update), 240_000);
      if (!running.isRunning) throw new Error(`the engine ended before its moment:\n${running.output}`);
    });
  }

  /** {@link killedWhen} the engine has made and recorded the resource of this name. */
  killedAfter(name: string, victim: Victim): Promise<void> {
    return this.killedWhen(({ events }) => hasMade(events(), name), victim);
  }

  /** Changes the recorded resources. */
  async editState(
    edit: (resource: { urn: string; outputs: Record<string, unknown> }) => void,
  ): Promise<void> {
    const file = path.join(this.root, "edited.json");
    await this.stackCommand("export", "--file", file);
    const state = JSON.parse(fs.readFileSync(file, "utf8"));
    state.deployment.resources.forEach(edit);
    fs.writeFileSync(file, JSON.stringify(state));
    await this.stackCommand("import", "--file", file);
  }

  /** Runs `pulumi stack …`. @returns what it printed. @throws {Error} when it fails. */
  async stackCommand(...argv: string[]): Promise<string> {
    const { status, output } = await this.pulumi("stack", ...argv);
    if (status !== 0) throw new Error(output);
    return output;
  }

  /** Folder of the machines that the stack has made; undefined if there are none. */
  get containers(): string | undefined {
    return this.folderOf("containers");
  }

  /** Runs scripts/containers/run on these machines. */
  container(...argv: string[]): void {
    execFileSync("bash", [RUN, this.containers ?? "", ...argv], { stdio: "pipe" });
  }

  /** A stack output in plain text. */
  secretOutput(name: string): Promise<string> {
    return this.stackCommand("output", name, "--show-secrets");
  }

  /** Reads the kubeconfig again, because the cluster may have been rebuilt. */
  async readKubeconfig(): Promise<void> {
    this.keepKubeconfig(await this.secretOutput("kubeconfig"));
  }

  /** Writes the kubeconfig for {@link kubectl}. */
  keepKubeconfig(text: string): void {
    fs.writeFileSync(this.kubeconfig, text, { mode: 0o600 });
  }

  /** The file with the kubeconfig, once it was read. */
  get kubeconfig(): string {
    return path.join(this.root, "kubeconfig");
  }

  /** Program and arguments of a `kubectl` call on the cluster, from this machine. */
  kubectlArgv(argv: readonly string[]): [string, string[]] {
    const common = ["--kubeconfig", this.kubeconfig, "--cache-dir", path.join(this.root, "kube-cache")];
    return [program("kubectl"), [...common, ...argv]];
  }

  /** Runs kubectl on this machine, as a user would. @param stdin for `-f -`. */
  async kubectl(argv: readonly string[], stdin = ""): Promise<string> {
    const running = execute(...this.kubectlArgv(argv), { encoding: "utf8", maxBuffer: 1e8 });
    running.child.stdin?.end(stdin);
    return (await running).stdout.trim();
  }

  private get study() {
    const { containers } = this;
    return {
      kubeconfig: fs.readFileSync(this.kubeconfig, "utf8"),
      image: TOOLS_IMAGE,
      forget: containers === undefined ? undefined : () => forgetConnections(containers),
    };
  }

  /** Measures the cluster, as `lab observe` does. */
  observe(plan: LabPlan = this.plan): Promise<Observation> {
    return observe(clusterProber(this.study), plan);
  }

  /** What follows traces through the cluster, as `lab trace --observed` does. */
  follower(): Promise<Follower> {
    return clusterFollower(this.study, this.plan);
  }

  /**
   * Watches the cluster during a change, as `lab switch` does.
   * @param change ends when the change is in force.
   * @throws {Error} with the watcher's sentence when it cannot watch.
   */
  async watched(change: () => Promise<unknown>): Promise<Watched> {
    const said: string[] = [];
    const say = (sentence: string) => void said.push(sentence);
    const watch = await clusterWatcher({ ...this.study, keep: true, say }).begin(this.plan);
    await change();
    const seen = await watch?.end();
    if (!seen) throw new Error(said.join("\n"));
    return seen;
  }

  /** Removes the study's pods, and waits until they are gone with their devices. */
  async endStudy(): Promise<void> {
    await cleanUp(fs.readFileSync(this.kubeconfig, "utf8"));
    await this.kubectl(["wait", "--for=delete", "--timeout=120s", `namespace/${NAMESPACE}`]);
  }

  /** Creates or changes an object. */
  async apply(object: object): Promise<void> {
    await this.kubectl(["apply", "-f", "-"], JSON.stringify(object));
  }

  /** The blocks that Calico has handed out, a line `block node` each, as `scripts/node/blocks.sh` prints them. */
  blocks(): Promise<string> {
    const path = 'jsonpath={range .items[*]}{.spec.cidr}{" "}{.spec.node}{"\\n"}{end}';
    return this.kubectl(["get", "blockaffinities.crd.projectcalico.org", "-o", path]);
  }

  /** Waits until the cluster reports exactly these nodes as ready. */
  async ready(...names: string[]): Promise<void> {
    await this.kubectl(["wait", "--for=condition=Ready", "--timeout=180s", "nodes", "--all"]);
    const nodes = (await this.kubectl(["get", "nodes", "--output", "name"])).split("\n").sort();
    const wanted = names.map((name) => `node/${name}`).sort();
    if (nodes.join() !== wanted.join())
      throw new Error(`the cluster has ${nodes}, but ${wanted} were expected`);
  }
}
