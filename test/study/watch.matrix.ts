/** A watch of every switch between two encapsulations, on the twin: it is right about what goes on and about what ends. */
import assert from "node:assert/strict";
import { ENCAPSULATIONS, type Encapsulation } from "../../components/config";
import { judge } from "../../components/plan";
import { twinWatcher } from "../../components/study";
import { planOf } from "../support/problems";
import { kindFor, sharedMachine, TwinUnderTest } from "../support/twin";
import { SMALL } from "../support/twin-play";

const planIn = (encapsulation: Encapsulation) => planOf({ ...SMALL, fabric: "plain", encapsulation });

/** The paths on which pings pass, by the verdict. */
const workingIn = (encapsulation: Encapsulation): Set<string> =>
  new Set(
    judge(planIn(encapsulation))
      .paths.filter(({ probe, outcome }) => probe === "ICMP" && outcome === "works")
      .map(({ path }) => path),
  );

const machine = sharedMachine();

describe("a watched switch of a twin", function () {
  this.timeout(600_000);
  const namespaces = new TwinUnderTest("namespaces");
  after(() => namespaces.stop());

  for (const from of ENCAPSULATIONS)
    for (const to of ENCAPSULATIONS.filter((one) => one !== from))
      it(`loses nothing on a node, and ends paths only where the verdict says so: ${from} to ${to}`, async () => {
        const twin = [from, to].some((one) => kindFor(one) === "machine") ? machine : namespaces;
        await twin.bring(planIn(from));
        await twin.observe(planIn(from));
        const watch = await twinWatcher(twin.sandbox).begin(planIn(from));
        await twin.bring(planIn(to));
        const { disagreements } = await twin.observe(planIn(to));
        assert.deepEqual(disagreements, []);
        const seen = await watch?.end();
        assert.ok(seen);
        const working = workingIn(to);
        assert.equal(seen.flows.length, 6, "three paths, each in both directions");
        for (const { path, sent, lost, stays } of seen.flows) {
          const counted = `${path}: ${lost} of ${sent}`;
          assert.ok(sent > 0, counted);
          assert.equal(stays, !working.has(path), counted);
          if (path === "same-node") assert.equal(lost, 0, counted);
        }
        assert.equal(seen.connections.find(({ path }) => path === "same-node")?.state, "lives");
        assert.ok(seen.changes.length > 0);
      });
});
