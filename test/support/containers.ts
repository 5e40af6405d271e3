/**
 * Node containers for tests: a folder of their own, SSH to the nodes, and checks of what they leave on this machine.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parseConfig } from "../../components/config";
import { type ContainersSpec, renderContainers } from "../../components/infrastructure/hosts/containers";
import type { ContainersStatus } from "../../components/infrastructure/hosts/containers/containers";
import { planLab } from "../../components/plan";
import { controlGroups } from "./control-groups";
import { changesOf } from "./host-state";
import type { RawConfig } from "./problems";
import { REPOSITORY } from "./repository";
import { mentions, until } from "./sandbox";
import { skip } from "./skip";

/** The program that makes and removes node containers. */
export const RUN = path.join(REPOSITORY, "scripts/containers/run");
/** Prints everything on a node that a lab could change. */
const STATE = fs.readFileSync(path.join(__dirname, "machine-state.sh"), "utf8");

/** Skips the tests of a suite where there can be no node containers. Call it in the suite's `before`. */
export function needsContainers(context: Mocha.Context): void {
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    skip(context, "node containers need Linux and root");
}

/** What a test wants its node containers to be. */
export interface Wanted {
  name: string;
  /** MTU in bytes of every link between the nodes. */
  mtu: number;
  podCidr: string;
  subnets: { name: string; cidr: string; gateway: string }[];
  nodes: { name: string; subnet: string; address: string }[];
  /** The router's routes to pods. */
  routes: { block: string; via: string }[];
  apiNode: string;
  layer?: string;
  /** Other keys of the config, such as the fabric. */
  config?: RawConfig;
}

/** Two nodes in one subnet, one in another. The router has a route only to the first node's block. */
export const SPEC: Wanted = {
  name: "lab",
  mtu: 1450,
  podCidr: "172.16.0.0/16",
  subnets: [
    { name: "a", cidr: "10.0.3.0/24", gateway: "10.0.3.1" },
    { name: "b", cidr: "10.0.4.0/24", gateway: "10.0.4.1" },
  ],
  nodes: [
    { name: "cp1", subnet: "a", address: "10.0.3.10/24" },
    { name: "w1", subnet: "a", address: "10.0.3.11/24" },
    { name: "w2", subnet: "b", address: "10.0.4.10/24" },
  ],
  routes: [{ block: "172.16.0.0/26", via: "10.0.3.10" }],
  apiNode: "cp1",
};

/** A second node in the subnet b. */
export const W3 = { name: "w3", subnet: "b", address: "10.0.4.11/24" };

/** The spec of what a test wants, with the real network of a plan. What is wrong in it stays so. */
export function specOf(
  { name, mtu, podCidr, subnets, nodes, routes, apiNode, layer, config }: Wanted,
  publicKey: string,
): ContainersSpec {
  const topology = subnets.flatMap(({ name: subnet, cidr }) => {
    const inside = nodes.filter((node) => node.subnet === subnet);
    const named = inside.map((node) => ({ name: node.name, address: node.address.split("/")[0] as string }));
    return named.length > 0 ? [{ name: subnet, cidr, nodes: named }] : [];
  });
  const known = topology.length > 0 ? topology : [{ name: "a", cidr: "10.0.3.0/24", nodes: ["cp1"] }];
  const plan = planLab(
    parseConfig({
      cloud: "hosts",
      hosts: { machines: "containers" },
      mtu,
      podCidr,
      topology: known,
      ...config,
    }),
  );
  const podRoutes = routes.map((route) => ({ ...route, node: "" }));
  const spec = renderContainers({ ...plan, podRoutes }, { name, publicKey, ...(layer && { layer }) });
  const rendered = new Map(spec.nodes.map((node) => [node.name, node]));
  const unknown = { plug: "false", unplug: "" };
  return {
    ...spec,
    nodes: nodes.map((node) => ({ ...unknown, ...rendered.get(node.name), ...node })),
    apiNode,
  };
}

/** A lab of node containers in a temporary folder. */
export class Containers {
  readonly folder: string;
  private readonly keys: string;
  /** How the nodes are reached; undefined after a command that may have changed it. */
  private reached?: ContainersStatus["nodes"];
  private readonly recorded = new Map<string, string>();
  private wanted = SPEC;

  /** Makes the folder and the keys, and writes {@link SPEC}; {@link up} starts the nodes. */
  constructor() {
    this.folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-containers-")));
    this.keys = fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-keys-"));
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", this.key]);
    this.write({});
  }

  /** Makes the nodes of {@link SPEC} with the given values replaced, waits until they have booted, and records their state. */
  static async booted(values: Partial<Wanted>): Promise<Containers> {
    const containers = new Containers();
    containers.write(values);
    containers.up();
    const names = containers.spec.nodes.map(({ name }) => name);
    await Promise.all(names.map((name) => containers.untilBooted(name)));
    for (const name of names) containers.recorded.set(name, containers.state(name));
    return containers;
  }

  /** Waits until a node has booted. */
  untilBooted(name: string): Promise<void> {
    return this.ready(name, "systemctl is-system-running --wait; true");
  }

  /** Path of the private key for login as root on each node. */
  get key(): string {
    return path.join(this.keys, "id");
  }

  /** Writes {@link SPEC}, with the given values replaced. */
  write(values: Partial<Wanted>): void {
    this.wanted = { ...SPEC, ...values };
    const publicKey = fs.readFileSync(`${this.key}.pub`, "utf8").trim();
    fs.writeFileSync(path.join(this.folder, "spec.json"), JSON.stringify(specOf(this.wanted, publicKey)));
  }

  /** Writes what was written last, with the given values replaced. */
  change(values: Partial<Wanted>): void {
    this.write({ ...this.wanted, ...values });
  }

  get spec(): ContainersSpec {
    return JSON.parse(fs.readFileSync(path.join(this.folder, "spec.json"), "utf8"));
  }

  /** Where a node is: its subnet as a CIDR, and its address without the prefix. */
  locate(name: string): { subnet: string; address: string } {
    const { nodes, subnets } = this.spec;
    const node = nodes.find((one) => one.name === name);
    const subnet = subnets.find((one) => one.name === node?.subnet);
    if (!node || !subnet) throw new Error(`no node ${name} in ${this.folder}`);
    return { subnet: subnet.cidr, address: node.address.split("/")[0] as string };
  }

  /** Runs a command of scripts/containers/run. @throws {Error} with its standard error when it fails. */
  run(...argv: string[]): string {
    this.reached = undefined;
    const { status, stdout, stderr } = spawnSync("bash", [RUN, this.folder, ...argv], { encoding: "utf8" });
    if (status !== 0) throw new Error(`run ${argv.join(" ")} ended with ${status}: ${stderr}`);
    return stdout;
  }

  /** Makes the nodes as in the spec. */
  up = (): ContainersStatus => JSON.parse(this.run("up"));
  /** What exists and runs. */
  status = (): ContainersStatus => JSON.parse(this.run("status"));

  /** Runs a command and kills it after so many milliseconds, with its whole process group or alone. */
  async killed(command: string, after: number, group: boolean): Promise<void> {
    this.reached = undefined;
    const child = spawn("bash", [RUN, this.folder, command], { detached: true, stdio: "ignore" });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    const timer = setTimeout(() => process.kill((group ? -1 : 1) * (child.pid as number), "SIGKILL"), after);
    await ended;
    clearTimeout(timer);
  }

  /** argv of an ssh to a node, which must have the host key in the status. */
  sshArgv(node: string, command: string): string[] {
    this.reached ??= this.status().nodes;
    const status = this.reached[node];
    if (!status) throw new Error(`no node ${node} in ${this.folder}`);
    const known = path.join(this.keys, `known-${node}`);
    fs.writeFileSync(known, `[127.0.0.1]:${status.port} ${status.hostKey}\n`);
    const options = [
      `UserKnownHostsFile=${known}`,
      "StrictHostKeyChecking=yes",
      "BatchMode=yes",
      "LogLevel=ERROR",
    ];
    return [
      ...["-p", `${status.port}`, "-i", this.key],
      ...[...options, "ConnectTimeout=5"].flatMap((option) => ["-o", option]),
      "root@127.0.0.1",
      command,
    ];
  }

  /** Runs a command on a node. @throws {Error} when it fails. */
  on(node: string, command: string): string {
    return execFileSync("ssh", this.sshArgv(node, command), { encoding: "utf8", stdio: "pipe" }).trim();
  }

  /** Runs a command on a node with this standard input, and ignores its exit code. */
  told(node: string, command: string, stdin: string): string {
    const argv = this.sshArgv(node, command);
    return spawnSync("ssh", argv, { input: stdin, encoding: "utf8" }).stdout.trim();
  }

  /** Waits until a command succeeds on a node. */
  async ready(node: string, command = "true"): Promise<void> {
    const argv = this.sshArgv(node, command);
    await until(() => spawnSync("ssh", argv, { stdio: "ignore" }).status === 0, 60_000);
  }

  private state(node: string): string {
    const argv = this.sshArgv(node, "bash -s");
    return execFileSync("ssh", argv, { input: STATE, encoding: "utf8", maxBuffer: 1e8 });
  }

  /** How a node differs from its state when it had {@link booted}, line by line. */
  changes(node: string): string[] {
    return changesOf(this.recorded.get(node)?.split("\n") ?? [], this.state(node).split("\n"));
  }

  /** Takes the lab down and removes its folder and keys. */
  remove(): void {
    this.run("down");
    fs.rmSync(this.folder, { recursive: true, force: true });
    fs.rmSync(this.keys, { recursive: true, force: true });
  }

  /** What is left of the lab on this machine. */
  leftovers(): string[] {
    return [
      ...mentions(this.folder),
      ...fs.readdirSync(this.folder).filter((file) => file !== "spec.json"),
      ...controlGroups(this.folder),
    ];
  }
}
