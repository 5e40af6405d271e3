/**
 * Node scripts whose connection or shell is killed at many moments: run again, they continue, and a reset leaves the
 * machines as they were. In scripts.cluster.ts everything is killed.
 */
import assert from "node:assert/strict";
import { needsContainers } from "../../support/containers";
import { NodeSteps } from "../../support/node-steps";

// The steps of a second worker are not killed, and would only cost time.
const PAIR = ["cp1", "w1"];

describe("node scripts that are killed on real machines", function () {
  this.timeout(1_200_000);
  let steps: NodeSteps;

  before(async function () {
    needsContainers(this);
    steps = await NodeSteps.booted();
  });
  after(() => steps?.lab.remove());

  for (const cut of ["the connection", "the shell"] as const) {
    it(`continue when they are run again after a kill of ${cut}`, async () => {
      await steps.killed("cp1", "prepare", cut);
      await Promise.all(PAIR.map(steps.prepare));
      await steps.killed("cp1", "init", cut);
      await steps.init();
      await steps.token();
      await steps.killed("w1", "join", cut);
      await steps.join("w1");
      assert.deepEqual(steps.nodes(), ["node/cp1", "node/w1"]);
      assert.match((await steps.init()).stderr, /already/);
      await steps.killed("w1", "reset", cut);
      await Promise.all(PAIR.map(steps.reset));
      for (const name of PAIR) assert.deepEqual(steps.lab.changes(name), [], name);
    });
  }
});
