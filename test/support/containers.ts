/**
 * Node containers for tests: a folder of their own, SSH to the nodes, and checks of what they leave on this machine.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type {
  ContainersSpec,
  ContainersStatus,
} from "../../components/infrastructure/hosts/containers/containers";
import { hostNetwork, mentions, until } from "./sandbox";

export const RUN = path.resolve(__dirname, "../../scripts/containers/run");

/** Two nodes in one subnet, one in another. The router has a route only to the first node's block. */
export const SPEC: Omit<ContainersSpec, "publicKey"> = {
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

/** A lab of node containers in a temporary folder. */
export class Containers {
  readonly folder: string;
  private readonly keys: string;

  constructor() {
    this.folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-containers-")));
    this.keys = fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-keys-"));
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", this.key]);
    this.write({});
  }

  /** Path of the private key for login as root on each node. */
  get key(): string {
    return path.join(this.keys, "id");
  }

  /** Writes {@link SPEC}, with the given values replaced. */
  write(values: Partial<ContainersSpec>): void {
    const publicKey = fs.readFileSync(`${this.key}.pub`, "utf8").trim();
    fs.writeFileSync(path.join(this.folder, "spec.json"), JSON.stringify({ ...SPEC, publicKey, ...values }));
  }

  get spec(): ContainersSpec {
    return JSON.parse(fs.readFileSync(path.join(this.folder, "spec.json"), "utf8"));
  }

  /** Where a node is: its subnet as a CIDR, and its address without the prefix. */
  place(name: string): { subnet: string; address: string } {
    const { nodes, subnets } = this.spec;
    const node = nodes.find((one) => one.name === name);
    const subnet = subnets.find((one) => one.name === node?.subnet);
    if (!node || !subnet) throw new Error(`no node ${name} in ${this.folder}`);
    return { subnet: subnet.cidr, address: node.address.split("/")[0] as string };
  }

  /** Runs a command of scripts/containers/run. @throws {Error} with its standard error when it fails. */
  run(...words: string[]): string {
    const { status, stdout, stderr } = spawnSync("bash", [RUN, this.folder, ...words], { encoding: "utf8" });
    if (status !== 0) throw new Error(`run ${words.join(" ")} ended with ${status}: ${stderr}`);
    return stdout;
  }

  up = (): ContainersStatus => JSON.parse(this.run("up"));
  status = (): ContainersStatus => JSON.parse(this.run("status"));

  /** Runs a command and kills it after so many milliseconds, with its whole process group or alone. */
  async killed(word: string, after: number, group: boolean): Promise<void> {
    const child = spawn("bash", [RUN, this.folder, word], { detached: true, stdio: "ignore" });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    const timer = setTimeout(() => process.kill((group ? -1 : 1) * (child.pid as number), "SIGKILL"), after);
    await ended;
    clearTimeout(timer);
  }

  /** argv of an ssh to a node, which must have the host key in the status. */
  sshArgv(node: string, command: string): string[] {
    const status = this.status().nodes[node];
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

/** Everything on this machine that node containers could have changed, line by line. */
export function hostState(): string[] {
  const settings = execFileSync("bash", ["-c", "sysctl -a 2> /dev/null"], {
    encoding: "utf8",
    maxBuffer: 1e8,
  });
  // Counters that change by themselves.
  const counters =
    /^(net\.|fs\.(aio-nr|dentry|file-nr|inode|quota)|kernel\.(ns_last_pid|pty\.nr|random|perf_event_max_sample_rate|sched|usermodehelper)|vm\.stat)/;
  return [
    hostNetwork(),
    ...settings.split("\n").filter((line) => !counters.test(line)),
    fs.existsSync("/run/netns") ? fs.readdirSync("/run/netns").join(" ") : "no named namespace",
  ].flatMap((text) => text.split("\n"));
}

/** The added and removed lines, so that a failure does not show two thousand unchanged ones. */
export function changesOf(before: readonly string[], now: readonly string[]): string[] {
  const [was, is] = [new Set(before), new Set(now)];
  return [
    ...[...is].filter((line) => !was.has(line)).map((line) => `+ ${line}`),
    ...[...was].filter((line) => !is.has(line)).map((line) => `- ${line}`),
  ];
}

/** How this machine differs from an earlier {@link hostState}, after waiting until the kernel has cleaned up. */
export async function hostChanges(before: readonly string[]): Promise<string[]> {
  // The kernel's own worker removes namespaces a moment after their last process.
  await until(() => changesOf(before, hostState()).length === 0).catch(() => {});
  return changesOf(before, hostState());
}

/** The control groups of a lab, in every hierarchy. */
export function controlGroups(folder: string): string[] {
  const name = `encaplab-${createHash("sha1").update(folder).digest("hex").slice(0, 10)}`;
  const found = spawnSync("find", ["/sys/fs/cgroup", "-maxdepth", "2", "-name", name], { encoding: "utf8" });
  return found.stdout.split("\n").filter((line) => line !== "");
}
