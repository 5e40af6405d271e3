/** Whatever is imported, the user gets sentences: no stack trace, no hang, no gigabytes. hostile.matrix.ts tries more. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { damaged, HOSTILE, importAnything } from "../../support/hostile";
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
