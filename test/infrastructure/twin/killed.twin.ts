/** The engine killed at many moments of `up`, switch and `down`: the next `up` completes, or `destroy` removes all. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { Encapsulation } from "../../../components/config";
import { engineFolder, Lab } from "../../support/lab";
import { hostNetwork, mentions, until } from "../../support/realm";

/** `group`: as Ctrl-\ in a terminal or a CI job's end does. `engine`: its plug-ins live on for a while, as orphans. */
const VICTIMS = ["group", "engine"] as const;

type Word = "up" | "switch" | "destroy";
const MOMENTS: Record<Word, number> = { up: 12, switch: 8, destroy: 6 };

describe("an engine that is killed", function () {
  this.timeout(180_000);
  let lab: Lab;
  let host: string;
  /** How long each word takes undisturbed, in milliseconds: what the moments are spread over. */
  const takes: Record<Word, number> = { up: 0, switch: 0, destroy: 0 };

  const configure = (encapsulation: Encapsulation) =>
    lab.configure({ cloud: "twin", fabric: "openstack", encapsulation });
  const timed = async (word: Word, work: () => Promise<unknown>) => {
    const start = performance.now();
    await work();
    takes[word] = performance.now() - start;
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

  async function killAfter(word: Word, milliseconds: number, victim: (typeof VICTIMS)[number]) {
    const engine = lab.start(
      word === "destroy" ? "destroy" : "up",
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
    assert.deepEqual(outputs.observation.unsettled, []);
  }

  async function assertRemoved() {
    await lab.destroy();
    assert.equal(lab.folder, undefined);
    // What an orphaned plug-in has begun may end a moment later, but it does end, by itself.
    await until(() => mentions(lab.stateHome).length === 0 && lab.folder === undefined, 30_000);
    assert.equal(hostNetwork(), host);
  }

  for (const word of ["up", "switch", "destroy"] as const) {
    for (let moment = 0; moment < MOMENTS[word]; moment++) {
      const victim = VICTIMS[moment % VICTIMS.length] as (typeof VICTIMS)[number];
      // Of two neighbouring moments with the same victim one is followed by `up`, the other by `destroy`.
      const then = moment % 4 < 2 ? "up" : "destroy";
      it(`during ${word}, at ${moment + 1}/${MOMENTS[word] + 1} of its time (${victim}): ${then} brings it in order`, async () => {
        configure("VXLAN");
        if (word !== "up") await lab.up();
        else await lab.destroy();
        if (word === "switch") configure("None");
        await killAfter(word, (takes[word] * (moment + 1)) / (MOMENTS[word] + 1), victim);
        if (then === "up") await assertComplete(word === "switch" ? "None" : "VXLAN");
        else await assertRemoved();
      });
    }
  }

  it("in the end nothing is left", assertRemoved);
});
