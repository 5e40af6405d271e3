/** Finds out which drivers the running kernel offers, without changing it. */
import * as fs from "node:fs";
import * as os from "node:os";
import { gunzipSync } from "node:zlib";
import { fabricFacts, type LabPlan, tunnelsOf } from "../../../plan";

/** `namespaces`: on this machine's kernel. `machine`: inside a QEMU machine of its own. */
export type SandboxKind = "namespaces" | "machine";

/** Whether a sandbox of one kind has every driver of the other: a machine has all of them. */
export const canPlay = (running: SandboxKind, wanted: SandboxKind): boolean =>
  running === wanted || running === "machine";

/** What a twin may need from a kernel besides namespaces, veth and bridges. */
export type KernelFeature = "ipip" | "vxlan" | "br_netfilter" | "nf_tables" | "tun";

/** What the twin of a plan needs from the kernel. */
export function featuresOf(plan: LabPlan): KernelFeature[] {
  const tunnels = tunnelsOf(plan);
  return [
    "nf_tables",
    ...tunnels,
    // A tenant network's tunnel.
    ...(plan.tenant && !tunnels.includes("vxlan") ? ["vxlan" as const] : []),
    // The devices of Open vSwitch, or of strongSwan's kernel-libipsec.
    ...(plan.tenant || plan.link ? ["tun" as const] : []),
    ...(fabricFacts(plan).securityGroup ? ["br_netfilter" as const] : []),
  ];
}

interface Driver {
  /** the module's name, as in /proc/modules */
  module: string;
  /** the kernel's build option */
  option: string;
  /** whether the kernel may load it by itself while a twin is built */
  autoload: boolean;
}

/**
 * ipip and br_netfilter count only if they are already there: loading ipip adds tunl0 to the host's own network, and
 * loading br_netfilter sends the host's own bridges through its firewall. (The kernel loads ipip by itself for `ip link
 * add type ipip`, even from a user namespace, so the twin must not try that.) Loading vxlan, tun or nf_tables changes
 * nothing on the host: they may load when first used.
 */
const DRIVERS: Record<KernelFeature, Driver> = {
  ipip: { module: "ipip", option: "CONFIG_NET_IPIP", autoload: false },
  vxlan: { module: "vxlan", option: "CONFIG_VXLAN", autoload: true },
  br_netfilter: { module: "br_netfilter", option: "CONFIG_BRIDGE_NETFILTER", autoload: false },
  tun: { module: "tun", option: "CONFIG_TUN", autoload: true },
  nf_tables: { module: "nf_tables", option: "CONFIG_NF_TABLES", autoload: true },
};

/** What is known about the running kernel. */
export interface KernelFacts {
  /** modules loaded now; undefined if this kernel cannot have any */
  loaded?: Set<string>;
  /** modules on disk, and those built in */
  available: Set<string>;
  builtIn: Set<string>;
  /** build options that are y; undefined if the kernel does not tell */
  options?: Set<string>;
}

/** Reads the facts from /proc and /lib/modules; starts nothing, loads nothing. `root` is for tests. */
export function readKernel(root = "/", release = os.release()): KernelFacts {
  const text = (file: string) => {
    try {
      return fs.readFileSync(`${root}/${file}`);
    } catch {
      return undefined;
    }
  };
  const lines = (file: string) => (text(file)?.toString() ?? "").split("\n");
  // "kernel/net/ipv4/ipip.ko.xz: …" → "ipip"
  const moduleNames = (file: string) =>
    new Set(lines(file).flatMap((line) => line.match(/([^/:]+)\.ko\b/)?.[1]?.replaceAll("-", "_") ?? []));
  const packed = text("proc/config.gz");
  const config = packed ? gunzipSync(packed).toString().split("\n") : lines(`boot/config-${release}`);
  const options = config.flatMap((line) => line.match(/^(CONFIG_\w+)=y$/)?.[1] ?? []);
  const loaded = text("proc/modules");
  return {
    loaded: loaded && new Set(lines("proc/modules").map((line) => line.split(" ")[0] as string)),
    available: moduleNames(`lib/modules/${release}/modules.dep`),
    builtIn: moduleNames(`lib/modules/${release}/modules.builtin`),
    options: options.length > 0 ? new Set(options) : undefined,
  };
}

function offers(kernel: KernelFacts, driver: Driver): boolean {
  if (kernel.builtIn.has(driver.module) || kernel.options?.has(driver.option)) return true;
  if (kernel.loaded?.has(driver.module)) return true;
  return driver.autoload && kernel.loaded !== undefined && kernel.available.has(driver.module);
}

/** The drivers among these that this kernel lacks, and whether its modules on disk have them. */
export const missingDrivers = (
  needs: readonly KernelFeature[],
  kernel: KernelFacts = readKernel(),
): { module: string; available: boolean }[] =>
  needs
    .filter((need) => !offers(kernel, DRIVERS[need]))
    .map((need) => ({ module: DRIVERS[need].module, available: kernel.available.has(DRIVERS[need].module) }));

/**
 * The kind of sandbox for a twin with these needs, and why, in one sentence. `namespaces`, unless the running kernel
 * lacks a driver or would have to change the host's own network to get it.
 */
export function chooseSandbox(
  needs: KernelFeature[],
  kernel: KernelFacts = readKernel(),
): { kind: SandboxKind; why: string } {
  const missing = missingDrivers(needs, kernel);
  if (missing.length === 0) {
    return { kind: "namespaces", why: "this machine's own kernel has every driver the twin needs" };
  }
  const names = missing.map(({ module }) => module);
  const machine = `this kernel has no ${names.join(" and no ")} driver loaded: the twin runs in a QEMU machine with Debian's kernel (10 to 60 seconds to boot)`;
  if (!missing.every(({ available }) => available)) return { kind: "machine", why: machine };
  const cost = names.includes("ipip")
    ? "adds tunl0 to this machine's own network"
    : "sends this machine's own bridges through its firewall";
  return {
    kind: "machine",
    why: `${machine}; \`sudo modprobe ${names.length > 1 ? "-a " : ""}${names.join(" ")}\` avoids that but ${cost}`,
  };
}
