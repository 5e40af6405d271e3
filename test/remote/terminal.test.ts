// A shell on a node whose terminal is not that of this process, against an SSH server on loopback.
import assert from "node:assert/strict";
import { openTerminal } from "../../components/remote";
import { until } from "../support/sandbox";
import { SshServers } from "../support/ssh-server";
import { shownBy } from "../support/terminals";

const KIND = { rows: 30, columns: 100, type: "xterm-256color" };

describe("a terminal over SSH", () => {
  const servers = new SshServers();
  after(() => servers.stop());

  const opened = async () => {
    const port = await servers.withTerminals();
    const terminal = await openTerminal(servers.target(port), KIND);
    return { terminal, shown: shownBy(terminal) };
  };

  it("has its size and its type, takes another size, and returns the exit code", async () => {
    const { terminal, shown } = await opened();
    await until(() => shown() === "30 100 xterm-256color\n");
    terminal.resize({ rows: 12, columns: 40 });
    await until(() => shown().endsWith("12 40\n"));
    terminal.input.write("exit 7\n");
    assert.equal(await terminal.ended, 7);
  });

  it("ends when it is hung up", async () => {
    const { terminal } = await opened();
    terminal.end();
    await assert.rejects(terminal.ended, /closed the connection/);
  });

  it("says why login fails", async () => {
    const port = await servers.withTerminals();
    const stranger = servers.target(port, { hostKey: "ssh-ed25519 AAAA" });
    await assert.rejects(openTerminal(stranger, KIND), /but SHA256:.* was expected/);
  });
});
