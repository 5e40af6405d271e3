/** As hostile.test.ts, for long: many damaged inputs, and each hostile one in a process of its own, whose memory is measured. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as path from "node:path";
import * as fc from "fast-check";
import { damaged, HOSTILE, importAnything } from "../../support/hostile";
import { REPOSITORY } from "../../support/repository";

/** Kilobytes that one import may take. */
const MOST = 500_000;
/** Seconds of the processor that one import may take. Not of the clock: a busy machine is no hang. */
const LONGEST = 5;

describe("input that was damaged, many times", function () {
  this.timeout(1_200_000);

  it("gives sentences, and no exception of any other kind", () => {
    fc.assert(
      fc.property(damaged, (inputs) => {
        assert.doesNotMatch(importAnything(inputs), /\n\s+at .*:\d+:\d+/);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("hostile input in a process of its own", function () {
  this.timeout(600_000);

  for (const name of Object.keys(HOSTILE)) {
    it(`takes less than ${MOST / 1000} MB and ${LONGEST} s: ${name}`, () => {
      const program = `
        const { HOSTILE, importAnything } = require(${JSON.stringify(path.join(REPOSITORY, "test/support/hostile.ts"))});
        const before = process.cpuUsage();
        const told = importAnything([{ file: "x.yaml", text: HOSTILE[${JSON.stringify(name)}]() }]);
        const { user, system } = process.cpuUsage(before);
        const seconds = (user + system) / 1e6;
        console.log(JSON.stringify({ told: told.length, seconds, memory: process.resourceUsage().maxRSS }));`;
      const ran = spawnSync(process.execPath, ["--import", "tsx", "--eval", program], {
        cwd: REPOSITORY,
        encoding: "utf8",
        timeout: 300_000,
      });
      assert.equal(ran.status, 0, ran.stderr || "it did not come to an end");
      const { told, seconds, memory } = JSON.parse(ran.stdout) as Record<
        "told" | "seconds" | "memory",
        number
      >;
      assert.ok(told > 0 && memory < MOST && seconds < LONGEST, `${memory} KB, ${seconds} s`);
    });
  }
});
