/** A cluster on existing machines under test: node containers that the test makes beforehand, and that stay after the lab. */
import assert from "node:assert/strict";
import { build, builtVersions } from "./cluster-build";
import { Containers, type Wanted } from "./containers";
import type { EnvironmentOptions } from "./engine-environment";
import { MachinesLab } from "./machines-lab";
import type { RawConfig } from "./problems";

/** A lab on existing machines. */
export class HostsLab extends MachinesLab {
  private constructor(
    stack: string,
    options: EnvironmentOptions,
    readonly machines: Containers,
    private readonly usual: RawConfig,
  ) {
    super(stack, options);
  }

  /**
   * Makes the machines and the stack, without resources.
   * @param spec values to replace in the usual spec. @param usual what every config of the lab has, unless it says otherwise.
   */
  static async create(stack: string, spec: Partial<Wanted> = {}, usual: RawConfig = {}): Promise<HostsLab> {
    // 1500 bytes, because the plan assumes this MTU for a plain network.
    const machines = await Containers.booted({ layer: build("layer"), mtu: 1500, ...spec });
    const lab = new HostsLab(stack, await MachinesLab.plugIns(), machines, usual);
    await lab.init();
    return lab;
  }

  /** Writes the stack's file, for some of the machines. */
  on(names: readonly string[], { hosts, ...raw }: RawConfig = {}): void {
    const { nodes, api } = this.machines.status();
    const machines = names.map((name) => {
      const { subnet, address: nodeAddress } = this.machines.locate(name);
      const { port, hostKey } = nodes[name] ?? {};
      return { name, address: "127.0.0.1", port, hostKey, subnet, nodeAddress };
    });
    this.configure({
      cloud: "hosts",
      encapsulation: "VXLANCrossSubnet",
      ...builtVersions(),
      ...this.usual,
      ...raw,
      hosts: {
        machines,
        privateKeyFile: this.machines.key,
        api: { address: "127.0.0.1", port: api.port },
        ...(hosts as object),
      },
    });
  }

  /** Asserts that the nodes' kube-proxy has its rules in nftables alone. */
  assertNftables(names: readonly string[]): void {
    for (const name of names) {
      assert.match(this.machines.on(name, "nft list table ip kube-proxy"), /service/);
      assert.doesNotMatch(this.machines.on(name, "iptables-save"), /KUBE-SERVICES/);
    }
  }

  /** How machines differ from their state before the lab: for each, the added and removed lines. Without those that do not. */
  changes(...names: string[]): Record<string, string[]> {
    const all = names.map((name) => [name, this.machines.changes(name)] as const);
    return Object.fromEntries(all.filter(([, changes]) => changes.length > 0));
  }

  override remove(): void {
    this.machines.remove();
    super.remove();
  }
}
