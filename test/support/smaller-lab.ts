/** A lab in the stack's own node containers, of which a node goes. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { build, builtVersions } from "./cluster-build";
import { controlGroups } from "./control-groups";
import { touched } from "./lab";
import type { MachinesLab } from "./machines-lab";
import { hasGuest, startGuest } from "./pods";
import type { RawConfig } from "./problems";
import { mentions } from "./sandbox";

/** A config on EC2's rules, rehearsed in node containers. @param b the nodes in the second subnet. @param raw what else it has. */
export const onEc2 = (b: readonly string[], raw: RawConfig): RawConfig => ({
  cloud: "aws",
  rehearse: "containers",
  hosts: { layer: build("layer") },
  ...builtVersions(),
  topology: [
    { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] },
    { name: "b", cidr: "10.0.4.0/24", nodes: b },
  ],
  ...raw,
});

/** The process that keeps a node's machine running. */
export const runningAs = ({ containers }: MachinesLab, name: string): string[] =>
  mentions(`containers/machine ${containers} ${name} `);

/** A lab that is about to lose a node. */
export class SmallerLab {
  /** @param config the lab's, without the node. */
  constructor(
    private readonly lab: MachinesLab,
    private readonly config: RawConfig,
    private readonly node: string,
  ) {}

  /** What exists of the node on this machine: its disk, its control groups, and the process that keeps it running. */
  private traces(): string[] {
    const folder = this.lab.containers as string;
    const paths = [
      path.join(folder, "nodes", this.node),
      ...controlGroups(folder).map((group) => path.join(group, this.node)),
    ];
    return [...paths.filter((one) => fs.existsSync(one)), ...runningAs(this.lab, this.node)];
  }

  /** Takes the node, with a pod on it, out of the config. */
  async configure(): Promise<void> {
    await startGuest(this.lab, this.node);
    assert.ok(this.traces().length > 1);
    this.lab.configure(this.config);
  }

  /** Removes the node. Its drain can complete only while its machine is on. @param others the nodes that stay. */
  async comesUp(others: readonly string[]): Promise<void> {
    const { output } = await this.lab.up();
    assert.match(output, new RegExp(`draining ${this.node}`));
    assert.doesNotMatch(output, /not all pods of \S+ ended|\S+ is not ready|not a node of the cluster/);
    await this.lab.ready(...others);
    assert.equal(await hasGuest(this.lab), false);
    assert.deepEqual(this.traces(), []);
    assert.deepEqual(touched(await this.lab.up()), []);
  }
}
