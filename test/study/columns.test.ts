import assert from "node:assert/strict";
import * as fc from "fast-check";
import { formatColumns, wrap } from "../../components/study";

describe("columns", () => {
  const columns = [{ head: "NAME" }, { head: "A" }, { head: "B", gap: 1 }];

  it("are as wide as their widest cell, with a gap in front, and no line has trailing spaces", () => {
    const rows = [
      ["cp1", "1", "2"],
      ["worker", "100", ""],
    ];
    assert.equal(formatColumns(columns, rows), "NAME    A   B\ncp1     1   2\nworker  100");
  });

  it("have only their head without rows", () => {
    assert.equal(formatColumns(columns, []), "NAME  A B");
  });

  it("continue a cell on the next line if the table is too wide, between words as long as there is room", () => {
    const text = formatColumns(
      [{ head: "PATH" }, { head: "WAY" }],
      [["pod-to-node (same-subnet)", "direct"]],
      24,
    );
    assert.equal(text, "PATH           WAY\npod-to-node    direct\n(same-subnet)");
  });

  it("break a word only if there is no other way", () => {
    const text = formatColumns([{ head: "A" }, { head: "B" }], [["abcdefghijkl", "x"]], 12);
    assert.deepEqual(text.split("\n").slice(1), ["abcdefghi  x", "jkl"]);
  });

  it("fit any width with room for six characters in each column, and lose nothing", () => {
    const cell = fc.stringMatching(/^[a-z]{1,20}( [a-z]{1,20}){0,3}$/);
    const table = fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(table, fc.integer({ min: 22, max: 100 }), (rows, width) => {
        const text = formatColumns([{ head: "A" }, { head: "B" }, { head: "C" }], rows, width);
        assert.ok(text.split("\n").every((line) => line.length <= width));
        const letters = (all: string) => [...all.replace(/\s/g, "")].sort().join("");
        assert.equal(letters(text), letters(`ABC${rows.flat().join("")}`));
      }),
    );
  });
});

describe("a wrapped paragraph", () => {
  it("breaks between words and hangs by two columns", () => {
    assert.equal(wrap("note: one two three", { width: 10 }), "note: one\n  two\n  three");
  });

  it("keeps its own indentation", () => {
    assert.equal(wrap("  fix: one two", { width: 10 }), "  fix: one\n    two");
  });

  it("has less room on the first line if something is in front of it", () => {
    assert.equal(wrap("one two three", { width: 12, taken: 8 }), "one\n  two three");
  });

  it("breaks a list without spaces after a comma", () => {
    assert.equal(wrap("with 10.0.3.11,10.0.4.10 up", { width: 16 }), "with 10.0.3.11,\n  10.0.4.10 up");
  });

  it("never breaks a URL", () => {
    const url = `https://example.org/a,b/${"a".repeat(80)}`;
    assert.equal(wrap(`  see: ${url}`), `  see:\n    ${url}`);
    assert.equal(wrap("see: https://example.org"), "see: https://example.org");
  });

  it("fits the width, keeps every word, and fills each line", () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(words, fc.integer({ min: 16, max: 100 }), (some, width) => {
        const lines = wrap(some.join(" "), { width }).split("\n");
        assert.ok(lines.every((line) => line.length <= width));
        assert.deepEqual(
          lines.flatMap((line) => line.trim().split(" ")),
          some,
        );
        lines.slice(1).forEach((line, i) => {
          const next = line.trim().split(" ")[0] ?? "";
          assert.ok((lines[i] as string).length + 1 + next.length > width);
        });
      }),
    );
  });
});
