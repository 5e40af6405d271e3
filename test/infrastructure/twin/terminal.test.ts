// A program on a pseudo-terminal, without a user's own terminal.
import assert from "node:assert/strict";
import { openHere } from "../../../components/infrastructure/twin/sandbox";
import type { Terminal } from "../../../components/remote";
import { mentions, until } from "../../support/sandbox";
import { shownBy } from "../../support/terminals";

const KIND = { rows: 30, columns: 100, type: "xterm-256color" };

/** A program on a terminal, and what that has shown. */
function open(script: string, kind = KIND): { terminal: Terminal; shown: () => string } {
  const terminal = openHere(["bash", "--norc", "-c", script], kind);
  return { terminal, shown: shownBy(terminal) };
}

describe("a terminal of a sandbox's shell", function () {
  this.timeout(20_000);

  it("has its size and its type, and takes another size", async () => {
    const { terminal, shown } = open("stty size; echo $TERM; trap 'stty size' WINCH; read; read; exit 7");
    await until(() => shown().includes("xterm-256color"));
    assert.match(shown(), /^30 100\r\nxterm-256color\r\n/);
    terminal.resize({ rows: 12, columns: 40 });
    terminal.input.write("a\n");
    await until(() => shown().includes("12 40"));
    terminal.input.write("b\n");
    assert.equal(await terminal.ended, 7);
  });

  it("passes Ctrl-C to the program, and takes more than the program reads at once", async () => {
    const { terminal, shown } = open("trap 'echo caught' INT; stty -echo; echo ready; sleep 5; cat | wc -c");
    await until(() => shown().includes("ready"));
    terminal.input.write("\x03");
    await until(() => shown().includes("caught"));
    const line = `${"x".repeat(99)}\n`;
    terminal.input.write(line.repeat(3000));
    terminal.input.write("\x04");
    await until(() => shown().includes("300000"));
    assert.equal(await terminal.ended, 0);
  });

  it("ends when the program ends, also if that has left something in the background", async () => {
    const { terminal, shown } = open("sleep 41.7 & echo last words; exit 3");
    assert.equal(await terminal.ended, 3);
    assert.match(shown(), /last words/);
    await until(() => mentions("sleep 41.7").length === 0);
  });

  it("hangs up, which ends the program, also one that never stops writing and one that ignores it", async () => {
    for (const script of ["yes 42.7", "trap '' HUP; while sleep 0.1; do :; done # 42.7"]) {
      const { terminal, shown } = open(`echo on; ${script}`);
      await until(() => shown().includes("on"));
      terminal.end();
      assert.notEqual(await terminal.ended, 0);
      await until(() => mentions("42.7").length === 0);
    }
  });

  it("says what cannot be started", async () => {
    const terminal = openHere(["/nonexistent/shell"], KIND);
    let text = "";
    terminal.output.on("data", (part: Buffer) => {
      text += part;
    });
    assert.equal(await terminal.ended, 127);
    assert.match(text, /\/nonexistent\/shell cannot be started: No such file or directory/);
  });
});
