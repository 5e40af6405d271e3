/** A cluster on existing machines whose engine is killed in the middle of a step. */
import assert from "node:assert/strict";
import { needsContainers } from "./containers";
import { HostsLab } from "./hosts";
import { touched } from "./lab";
import { onNodes } from "./processes";

/** The nodes of the lab. */
export const NODES = ["cp1", "w1", "w2"];

/** A lab on three machines, whose engine a test kills. */
export class KilledCluster {
  private constructor(readonly lab: HostsLab) {}

  /** Call it in the suite's `before`. Skips the suite where there can be no node containers. */
  static async make(context: Mocha.Context): Promise<KilledCluster> {
    needsContainers(context);
    context.timeout(3_600_000); // Kubernetes may have to be built
    const lab = await HostsLab.create("killed");
    lab.on(NODES);
    return new KilledCluster(lab);
  }

  /** Whether a command with this text in its command line runs on a node. */
  working = (text: string) => () => onNodes(this.lab.machines.folder).some((line) => line.includes(text));

  /** Brings the cluster up, which a second `up` then does not change. */
  async complete(): Promise<void> {
    await this.lab.upWithNodes();
    assert.deepEqual(touched(await this.lab.up()), []);
  }
}
