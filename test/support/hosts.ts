/** A stack on machines under test: the real engine, node containers as existing machines, and access to the cluster. */
import { execFile, execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";
import { type LabConfig, parseConfig } from "../../components/config";
import type { ContainersSpec } from "../../components/infrastructure/hosts/containers/containers";
import { type LabPlan, planLab } from "../../components/plan";
import { Containers, changesOf, RUN, SPEC } from "./containers";
import { engineFolder, Lab, type Run } from "./lab";
import type { RawConfig } from "./problems";
import { standIns } from "./standins";

const execute = promisify(execFile);
const ROOT = path.resolve(__dirname, "../..");
const BUILD = path.join(ROOT, "test/cluster/build/run");
const STATE = fs.readFileSync(path.join(ROOT, "test/scripts/node/machine-state.sh"), "utf8");

/** The Kubernetes minor version that test/cluster/build makes. */
export const KUBERNETES = /k8s\.io\/kubernetes v(\d+\.\d+)/.exec(
  fs.readFileSync(path.join(ROOT, "test/cluster/build/kubernetes/go.mod"), "utf8"),
)?.[1];

const built = new Map<string, string>();

/** Runs the build, or reuses its earlier result. @returns the folder in its last line. */
export function build(...words: string[]): string {
  const key = words.join(" ");
  let folder = built.get(key);
  if (folder === undefined) {
    const said = execFileSync("bash", [BUILD, ...words], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
    folder = said.trim().split("\n").at(-1) as string;
    built.set(key, folder);
  }
  return folder;
}

/** Config keys for the real Calico that test/cluster/build makes. */
export function builtCalico(): RawConfig {
  const folder = build("calico");
  const manifest = path.join(folder, "calico.yaml");
  const version = /calico\/node:v(\d+\.\d+)/.exec(fs.readFileSync(manifest, "utf8"))?.[1];
  return {
    calico: { manifest, images: [path.join(folder, "images.tar")] },
    calicoVersion: version,
    // It is the only version that can be built here, and older than those in the table.
    allowUnsupported: true,
  };
}

/** Why these tests cannot run here; undefined if they can. */
export const hindrance = (): string | undefined =>
  process.platform === "linux" && process.getuid?.() === 0 ? undefined : "needs root on Linux";

/** A lab on machines. Its engine has Pulumi's two plug-ins on its PATH, or our stand-ins for them. */
export class MachinesLab extends Lab {
  static async engine(): Promise<string> {
    return `${engineFolder()}${path.delimiter}${await standIns()}`;
  }

  constructor(stack: string, engine: string, env: NodeJS.ProcessEnv = {}) {
    super(stack, engine);
    Object.assign(this.env, {
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      // The build has put the nodes' root into the user's cache.
      XDG_CACHE_HOME: process.env.XDG_CACHE_HOME || path.join(process.env.HOME ?? "/root", ".cache"),
      ...env,
    });
  }

  plan!: LabPlan;

  config!: LabConfig;

  override configure(raw: RawConfig): void {
    this.config = parseConfig(raw);
    this.plan = planLab(this.config);
    super.configure(raw);
  }

  /** The lab's resources that were touched, as `name: op`, without the engine's own. */
  static touched({ ops }: Run): string[] {
    return Object.entries(ops)
      .filter(([name, op]) => op !== "same" && !/^default(_|$)/.test(name))
      .map(([name, op]) => `${name}: ${op}`)
      .sort();
  }

  private log = "";

  /** Starts an `up` that the test will kill: its whole process group, or only the engine. */
  begin(): { ended: Promise<unknown>; running(): boolean; kill(group: boolean): void } {
    this.log = path.join(fs.mkdtempSync(path.join(this.base, "begun-")), "events");
    const flags = ["--yes", "--skip-preview", "--non-interactive", "--event-log", this.log];
    const child = this.start("up", "-s", this.stack, ...flags);
    child.stdout?.resume();
    child.stderr?.resume();
    const running = () => child.exitCode === null && child.signalCode === null;
    return {
      ended: new Promise((resolve) => child.once("exit", resolve)),
      running,
      kill(group) {
        if (running() && child.pid) process.kill(group ? -child.pid : child.pid, "SIGKILL");
      },
    };
  }

  /** The engine's events so far, of the last {@link begin}. */
  events(): string[] {
    return fs.existsSync(this.log) ? fs.readFileSync(this.log, "utf8").split("\n") : [];
  }

  /** Whether the engine has started on a resource. */
  hasBegun = (name: string, events = this.events()): boolean =>
    events.some((line) => line.includes('"resourcePreEvent"') && line.includes(`::${name}"`));
  /** Whether the engine has made and recorded a resource. */
  hasMade = (name: string, events = this.events()): boolean =>
    events.some((line) => line.includes('"resOutputsEvent"') && line.includes(`::${name}"`));

  /** Changes the recorded resources. */
  async editState(
    edit: (resource: { urn: string; outputs: Record<string, unknown> }) => void,
  ): Promise<void> {
    const file = path.join(this.base, "edited.json");
    const { status, output } = await this.pulumi("stack", "export", "--file", file);
    if (status !== 0) throw new Error(output);
    const state = JSON.parse(fs.readFileSync(file, "utf8"));
    state.deployment.resources.forEach(edit);
    fs.writeFileSync(file, JSON.stringify(state));
    const imported = await this.pulumi("stack", "import", "--file", file);
    if (imported.status !== 0) throw new Error(imported.output);
  }

  /** Folder of the machines that the stack has made; undefined if there are none. */
  get containers(): string | undefined {
    const folder = path.join(this.stateHome, "encaplab/containers");
    const [name] = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
    return name && path.join(folder, name);
  }

  /** Runs scripts/containers/run on these machines. */
  container(...words: string[]): void {
    execFileSync("bash", [RUN, this.containers ?? "", ...words], { stdio: "pipe" });
  }

  /** A stack output in plain text. */
  async secretOutput(name: string): Promise<string> {
    const run = await this.pulumi("stack", "output", name, "--show-secrets");
    if (run.status !== 0) throw new Error(run.output);
    return run.output;
  }

  /** Reads the kubeconfig again, because the cluster may have been rebuilt. */
  async readKubeconfig(): Promise<void> {
    this.keepKubeconfig(await this.secretOutput("kubeconfig"));
  }

  /** Writes the kubeconfig for {@link kubectl}. */
  keepKubeconfig(text: string): void {
    fs.writeFileSync(this.kubeconfig, text, { mode: 0o600 });
  }

  /** Path of the stack's state on disk. */
  get checkpoint(): string {
    return path.join(this.base, "backend/.pulumi/stacks/encaplab", `${this.stack}.json`);
  }

  get kubeconfig(): string {
    return path.join(this.base, "kubeconfig");
  }

  /** Runs kubectl on this machine, as a user would. @param stdin for `-f -`. */
  async kubectl(argv: readonly string[], stdin = ""): Promise<string> {
    const [binary, words] = kubectlArgv(this, argv);
    const running = execute(binary, words, { encoding: "utf8", maxBuffer: 1e8 });
    running.child.stdin?.end(stdin);
    return (await running).stdout.trim();
  }

  /** The blocks that Calico has handed out, a line `block node` each, as `scripts/node/blocks.sh` prints them. */
  blocks(): Promise<string> {
    const path = 'jsonpath={range .items[*]}{.spec.cidr}{" "}{.spec.node}{"\\n"}{end}';
    return this.kubectl(["get", "blockaffinities.crd.projectcalico.org", "-o", path]);
  }

  async nodes(): Promise<string[]> {
    return (await this.kubectl(["get", "nodes", "--output", "name"])).split("\n").sort();
  }

  /** Waits until the cluster reports exactly these nodes as ready. */
  async ready(...names: string[]): Promise<void> {
    await this.kubectl(["wait", "--for=condition=Ready", "--timeout=180s", "nodes", "--all"]);
    const nodes = await this.nodes();
    const wanted = names.map((name) => `node/${name}`).sort();
    if (nodes.join() !== wanted.join())
      throw new Error(`the cluster has ${nodes}, but ${wanted} were expected`);
  }
}

/** Program and arguments of a `kubectl` call on a lab's cluster, from this machine. */
export function kubectlArgv(lab: MachinesLab, argv: readonly string[]): [string, string[]] {
  const common = ["--kubeconfig", lab.kubeconfig, "--cache-dir", path.join(lab.base, "kube-cache")];
  return [path.join(build("binaries"), "kubectl"), [...common, ...argv]];
}

/** A lab on existing machines: node containers that the test makes beforehand, and that stay after the lab. */
export class HostsLab extends MachinesLab {
  readonly machines = new Containers();
  private readonly original: Record<string, string> = {};

  /** Makes the machines, and records their original state. */
  static async create(stack: string, spec: Partial<ContainersSpec> = {}): Promise<HostsLab> {
    const lab = new HostsLab(stack, await MachinesLab.engine());
    const { machines } = lab;
    // 1500 bytes, because the plan assumes this MTU for a plain network.
    machines.write({ layer: build(), mtu: 1500, ...spec });
    machines.up();
    await lab.init();
    const names = (spec.nodes ?? SPEC.nodes).map(({ name }) => name);
    await Promise.all(names.map((name) => machines.ready(name, "systemctl is-system-running --wait; true")));
    for (const name of names) lab.original[name] = lab.state(name);
    return lab;
  }

  /** The lab's config on some of the machines. */
  on(names: readonly string[], raw: RawConfig = {}): void {
    this.configure(this.rawConfig(names, raw));
  }

  private rawConfig(names: readonly string[], { hosts, ...raw }: RawConfig = {}): RawConfig {
    const { nodes, api } = this.machines.status();
    const machines = names.map((name) => {
      const { subnet, address: nodeAddress } = this.machines.place(name);
      const { port, hostKey } = nodes[name] ?? {};
      return { name, address: "127.0.0.1", port, hostKey, subnet, nodeAddress };
    });
    return {
      cloud: "hosts",
      encapsulation: "VXLANCrossSubnet",
      kubernetesVersion: KUBERNETES,
      ...builtCalico(),
      ...raw,
      hosts: {
        machines,
        privateKeyFile: this.machines.key,
        api: { address: "127.0.0.1", port: api.port },
        ...(hosts as object),
      },
    };
  }

  private state(node: string): string {
    return execFileSync("ssh", this.machines.sshArgv(node, "bash -s"), {
      input: STATE,
      encoding: "utf8",
      maxBuffer: 1e8,
    });
  }

  /** How a machine differs from its state before the lab, line by line. */
  changes(node: string): string[] {
    return changesOf(this.original[node]?.split("\n") ?? [], this.state(node).split("\n"));
  }

  override clear(): void {
    this.machines.remove();
    super.clear();
  }
}
