/** Whatever is imported, the user gets sentences: no stack trace, no hang, no gigabytes. hostile.matrix.ts tries more. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { damaged, HOSTILE, importAnything } from "../../support/hostile";
import { NODES, nodesYaml, poolYaml } from "../../support/imports";
import { runs } from "../../support/runs";

describe("input that was damaged", () => {
  it("gives sentences, and no exception of any other kind", () => {
    fc.assert(
      fc.property(damaged, (inputs) => {
        assert.doesNotMatch(importAnything(inputs), /\n\s+at .*:\d+:\d+|undefined is not|Cannot read prop/);
      }),
      { numRuns: runs(250) },
    );
  });
});

describe("names that would command a terminal", () => {
  it("are shown without what does so", () => {
    const evil = "\u001b[2J\u001b]0;x\u0007";
    const group = JSON.stringify({
      SecurityGroups: [{ GroupId: `sg${evil}`, IpPermissions: [{ IpProtocol: "94" }] }],
    });
    const nodes = nodesYaml(NODES).replaceAll("name: w1", `name: "w1${JSON.stringify(evil).slice(1, -1)}"`);
    const told = importAnything([
      { file: `nodes${evil}.yaml`, text: nodes },
      { file: "pool.yaml", text: poolYaml() },
      { file: `sg${evil}.json`, text: group },
      { file: `bad${evil}`, text: `kind: Node\nmetadata: ${evil}\n` },
    ]);
    assert.match(told, /protocol 94/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is about these
    assert.doesNotMatch(told, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });
});

describe("hostile input", function () {
  // One that hangs would take minutes.
  this.timeout(60_000);

  for (const [name, text] of Object.entries(HOSTILE)) {
    it(`is refused or read in one go: ${name}`, () => {
      const told = importAnything([{ file: "x.yaml", text: text() }]);
      assert.notEqual(told, "");
      assert.ok(!("polluted" in {}));
    });
  }
});
