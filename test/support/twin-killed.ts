/** The engine killed at many moments of `up`, switch and `destroy`: the next `up` completes, or `destroy` removes all. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { Encapsulation } from "../../components/config";
import { assertObserved, Lab } from "./lab";
import { VICTIMS } from "./running";
import { hostNetwork, mentions, until } from "./sandbox";

/** Which kill, and what follows it. In this order two moments already have both kinds of kill and both ways to go on. */
const TURNS = [
  ["group", "up"],
  ["engine", "destroy"],
  ["engine", "up"],
  ["group", "destroy"],
] as const;

/** What is killed. A switch is an `up` of a lab that exists, with another encapsulation. */
type Command = "up" | "switch" | "destroy";

/** Defines the tests: at how many moments, spread evenly over its time, each command is killed. */
export function killTheEngine(moments: Readonly<Record<Command, number>>): void {
  describe("a twin whose engine is killed", function () {
    this.timeout(180_000);
    let lab: Lab;
    let host: string;
    /** How long each command takes undisturbed, in milliseconds: what the moments are spread over. */
    const takes: Record<Command, number> = { up: 0, switch: 0, destroy: 0 };

    const configure = (encapsulation: Encapsulation) =>
      lab.configure({ cloud: "twin", fabric: "openstack", encapsulation });
    const timed = async (command: Command, work: () => Promise<unknown>) => {
      const start = performance.now();
      await work();
      takes[command] = performance.now() - start;
    };

    before(async () => {
      host = hostNetwork();
      lab = new Lab("killed");
      configure("VXLAN");
      await lab.init();
      await timed("up", () => lab.up());
      configure("None");
      await timed("switch", () => lab.up());
      await timed("destroy", () => lab.destroy());
    });
    after(() => lab.end());

    async function assertComplete(encapsulation: Encapsulation) {
      const { outputs } = await lab.up();
      assert.equal(outputs.encapsulation, encapsulation);
      assertObserved(outputs);
    }

    async function assertRemoved() {
      await lab.destroy();
      assert.equal(lab.labFolder, undefined);
      // An orphaned plug-in may finish what it has begun a moment later, but it does end by itself.
      await until(() => mentions(lab.stateHome).length === 0 && lab.labFolder === undefined, 30_000);
      assert.equal(hostNetwork(), host);
    }

    for (const command of ["up", "switch", "destroy"] as const) {
      const intervals = moments[command] + 1;
      for (let moment = 1; moment < intervals; moment++) {
        const [victim, next] = TURNS[(moment - 1) % TURNS.length] as (typeof TURNS)[number];
        const repair = next === "up" ? "the next up completes" : "destroy removes everything";
        it(`at ${moment}/${intervals} of the time of ${command}, ${VICTIMS[victim]}: ${repair}`, async () => {
          configure("VXLAN");
          if (command === "up") await lab.destroy();
          else await lab.up();
          if (command === "switch") configure("None");
          const milliseconds = (takes[command] * moment) / intervals;
          // The moment is what this test varies.
          await lab.killed(command === "destroy" ? "destroy" : "up", victim, () => delay(milliseconds));
          if (next === "up") await assertComplete(command === "switch" ? "None" : "VXLAN");
          else await assertRemoved();
        });
      }
    }

    it("leaves nothing on this machine after the last destroy", assertRemoved);
  });
}
