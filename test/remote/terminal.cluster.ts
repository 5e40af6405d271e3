// A shell on a node as lab ui opens it, on OpenSSH's own server.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { openTerminal, type Terminal } from "../../components/remote";
import { until } from "../support/sandbox";
import { freePort, Sshd } from "../support/sshd";
import { shownBy } from "../support/terminals";

describe("a terminal over OpenSSH's server", () => {
  let sshd: Sshd;
  before(async () => {
    sshd = await new Sshd(await freePort()).start();
  });
  after(() => sshd?.stop());

  /** A shell, and all that its terminal has shown so far. */
  const opened = async (): Promise<{ terminal: Terminal; shown: () => string }> => {
    const { host, port, privateKey, hostKey } = sshd.connection;
    const target = { host, port, user: "root", privateKey, hostKey };
    const terminal = await openTerminal(target, { rows: 30, columns: 100, type: "xterm-256color" });
    return { terminal, shown: shownBy(terminal) };
  };

  it("has its type and its size, takes another size while it runs, and returns the shell's exit code", async () => {
    const { terminal, shown } = await opened();
    terminal.input.write('echo "$TERM: $(stty size)."\n');
    await until(() => shown().includes("xterm-256color: 30 100."));
    terminal.resize({ rows: 12, columns: 40 });
    // The answer to this comes after the new size, since both go through the same connection.
    terminal.input.write('echo "now $(stty size)."\n');
    await until(() => shown().includes("now 12 40."));
    terminal.input.write("exit 7\n");
    assert.equal(await terminal.ended, 7);
  });

  it("passes on what is typed as keys, so that Ctrl-C ends a command and not the shell", async () => {
    const { terminal, shown } = await opened();
    terminal.input.write("echo begun-$((1)); sleep 1000\n");
    await until(() => shown().includes("begun-1"));
    terminal.input.write("\x03");
    terminal.input.write("echo again-$((2))\n");
    await until(() => shown().includes("again-2"));
    terminal.input.write("exit\n");
    assert.equal(await terminal.ended, 0);
  });

  it("takes what runs in it away when it is hung up, as a closed page does", async () => {
    const { terminal, shown } = await opened();
    terminal.input.write('sleep 1000 & echo "pids $$ $!."; wait\n');
    await until(() => /pids \d+ \d+\./.test(shown()));
    const [, shell = "", sleeping = ""] = /pids (\d+) (\d+)\./.exec(shown()) ?? [];
    assert.match(readFileSync(`/proc/${sleeping}/comm`, "utf8"), /^sleep/);
    terminal.end();
    await assert.rejects(terminal.ended, /closed the connection/);
    await until(() => !existsSync(`/proc/${shell}`));
    await until(() => !existsSync(`/proc/${sleeping}`));
  });
});
