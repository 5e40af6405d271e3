/** The engine killed at many moments of `up`, switch and `destroy`: the next `up` completes, or `destroy` removes all. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { Encapsulation } from "../../components/config";
import { engineFolder, Lab } from "./lab";
import { hostNetwork, mentions, until } from "./sandbox";

/** `group`: as Ctrl-\ in a terminal or the end of a CI job does. `engine`: its plug-ins live on for a while, as orphans. */
const VICTIMS = { group: "the engine and its plug-ins", engine: "the engine alone" } as const;
type Victim = keyof typeof VICTIMS;

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
  describe("an engine that is killed", function () {
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
      lab = new Lab("killed", engineFolder());
      configure("VXLAN");
      await lab.init();
      await timed("up", () => lab.up());
      configure("None");
      await timed("switch", () => lab.up());
      await timed("destroy", () => lab.destroy());
    });
    after(async () => {
      await lab.pulumi("destroy");
      lab.clear();
    });

    async function killAfter(command: Command, milliseconds: number, victim: Victim) {
      const engine = lab.start(
        command === "destroy" ? "destroy" : "up",
        ...["-s", lab.stack, "--yes", "--skip-preview", "--non-interactive"],
      );
      const ended = new Promise((resolve) => engine.once("exit", resolve));
      engine.stdout?.resume();
      engine.stderr?.resume();
      await Promise.race([ended, delay(milliseconds)]); // the moment is what this test varies
      if (engine.exitCode === null && engine.pid)
        process.kill(victim === "group" ? -engine.pid : engine.pid, "SIGKILL");
      await ended;
      await lab.cancel();
    }

    async function assertComplete(encapsulation: Encapsulation) {
      await lab.up();
      const outputs = await lab.outputs();
      assert.equal(outputs.encapsulation, encapsulation);
      assert.ok(outputs.observation.agrees, JSON.stringify(outputs.observation));
      assert.deepEqual(outputs.observation.notConverged, []);
    }

    async function assertRemoved() {
      await lab.destroy();
      assert.equal(lab.folder, undefined);
      // An orphaned plug-in may finish what it has begun a moment later, but it does end by itself.
      await until(() => mentions(lab.stateHome).length === 0 && lab.folder === undefined, 30_000);
      assert.equal(hostNetwork(), host);
    }

    for (const command of ["up", "switch", "destroy"] as const) {
      const parts = moments[command] + 1;
      for (let moment = 1; moment < parts; moment++) {
        const [victim, next] = TURNS[(moment - 1) % TURNS.length] as (typeof TURNS)[number];
        const repair = next === "up" ? "the next up completes" : "destroy removes everything";
        it(`at ${moment}/${parts} of the time of ${command}, ${VICTIMS[victim]}: ${repair}`, async () => {
          configure("VXLAN");
          if (command === "up") await lab.destroy();
          else await lab.up();
          if (command === "switch") configure("None");
          await killAfter(command, (takes[command] * moment) / parts, victim);
          if (next === "up") await assertComplete(command === "switch" ? "None" : "VXLAN");
          else await assertRemoved();
        });
      }
    }

    it("leaves nothing on this machine after the last destroy", assertRemoved);
  });
}
