import assert from "node:assert/strict";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  findSandbox,
  runScript,
  startSandbox,
  stopSandbox,
} from "../../../components/infrastructure/twin/sandbox";
import { explain } from "../../../components/infrastructure/twin/sandbox/namespaces";
import { pausesOf } from "../../support/pauses";
import { hostNetwork, mentions, until } from "../../support/sandbox";
import { isRoot, SandboxUnderTest } from "../../support/sandbox-under-test";
import { skip } from "../../support/skip";

describe("the life of a namespaces sandbox", function () {
  this.timeout(60_000);
  const tested = SandboxUnderTest.forSuite("namespaces");
  const inBase = (name: string) => tested.path(name);

  it("is isolated from a second sandbox", async () => {
    const other = await startSandbox(inBase("other"), "namespaces");
    try {
      await runScript(other, "ip netns add only-here; ip link add v0 type veth peer v1");
      assert.doesNotMatch(await runScript(tested.sandbox, "ip netns; ip link"), /only-here|v0/);
      assert.notEqual(other.bootId, tested.sandbox.bootId);
    } finally {
      await stopSandbox(inBase("other"));
    }
    assert.ok(findSandbox(tested.folder), "stopping one sandbox stops only that one");
  });

  it("stops what is left of an earlier sandbox before it starts again in the same folder", async () => {
    const again = inBase("again");
    const first = await startSandbox(again, "namespaces");
    await runScript(first, "ip netns add old; sleep 1000 &");
    const second = await startSandbox(again, "namespaces");
    assert.notEqual(second.bootId, first.bootId);
    assert.equal(await runScript(second, "ip netns"), "");
    assert.equal(pausesOf(again).length, 2, "one pause process and the unshare that waits for it");
    await assert.rejects(runScript(first, "true"), /the sandbox did not answer/);
    await stopSandbox(again);
  });

  it("leaves no process and no file when stopped, and may be stopped twice", async () => {
    const gone = inBase("gone");
    const other = await startSandbox(gone, "namespaces");
    await runScript(other, `for i in 1 2 3; do setsid sleep 98765.$i & done`);
    await until(() => mentions("98765.").length === 3);
    await stopSandbox(gone);
    assert.deepEqual(mentions("98765."), []);
    assert.deepEqual(mentions(gone), []);
    assert.equal(fs.existsSync(gone), false);
    assert.equal(findSandbox(gone), undefined);
    await stopSandbox(gone);
  });

  it("leaves nothing of this machine open in what runs inside", async () => {
    const open = await runScript(tested.sandbox, "readlink /proc/$$/fd/*");
    assert.doesNotMatch(open, /\/proc/);
  });

  it("leaves the host's network, firewall, settings and mounts unchanged", async () => {
    const before = hostNetwork();
    const other = await startSandbox(inBase("busy"), "namespaces");
    await runScript(
      other,
      `set -e; ip link add br0 type bridge; ip link set br0 up; ip link add x0 type vxlan id 7 dstport 4789 local 127.0.0.1
       ip route add blackhole 10.244.0.0/26; sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0
       nft add table ip t; nft add chain ip t c '{ type filter hook input priority 0; }'; ip netns add n1`,
    );
    assert.equal(hostNetwork(), before, "during");
    await stopSandbox(inBase("busy"));
    assert.equal(hostNetwork(), before, "after");
  });

  it("may be killed at any moment of its start: the next start works, and a stop leaves nothing", async () => {
    for (const after of [0, 1, 3, 6, 10, 15, 20, 30, 45, 70]) {
      const killed = inBase(`killed-${after}`);
      const child = tested.starter(killed);
      const ended = once(child, "exit");
      await once(child.stdout as NodeJS.ReadableStream, "data");
      await delay(after); // the moment is what this test varies
      child.kill("SIGKILL");
      await ended;
      if (after % 2) {
        const next = await startSandbox(killed, "namespaces");
        assert.equal(await runScript(next, "echo fine"), "fine\n");
        assert.equal(pausesOf(killed).length, 2);
      }
      await stopSandbox(killed);
      assert.deepEqual(mentions(killed), [], `killed after ${after} ms`);
      assert.equal(fs.existsSync(killed), false);
    }
  });

  it("ends completely when either process of its pause process is killed", async () => {
    for (const half of [0, 1]) {
      const cut = inBase(`half-${half}`);
      const other = await startSandbox(cut, "namespaces");
      await runScript(other, "sleep 4321.5 &");
      const victim = pausesOf(cut).sort((a, b) => a.pid - b.pid)[half];
      assert.ok(victim);
      process.kill(victim.pid, "SIGKILL");
      await until(() => !findSandbox(cut) && mentions(cut).length === 0 && mentions("4321.5").length === 0);
      await stopSandbox(cut);
    }
  });

  it("works for a user who is not root", function () {
    if (!isRoot()) skip(this, "not root: the tests above have shown it already");
    const home = fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-nobody-"));
    try {
      const output = tested.asNobody(
        home,
        `id -u; ip netns add w1; ip -n w1 link set lo up
         ip netns exec w1 ping -qc1 127.0.0.1 | grep -c ' 0% packet loss'
         ip netns exec w1 timeout 1 tcpdump -ni lo 2>&1 | grep -c listening`,
      );
      assert.equal(output.trim(), "0\n1\n1");
      assert.deepEqual(mentions(home), []);
    } finally {
      fs.rmSync(home, { recursive: true, force: true });
    }
  });

  it("says which setting forbids user namespaces, and what to do", () => {
    const denied = "unshare: unshare failed: Operation not permitted";
    const only = (file: string, value: string) => (asked: string) =>
      asked.endsWith(file) ? value : undefined;
    assert.match(
      explain(denied, only("unprivileged_userns_clone", "0")),
      /sysctl kernel.unprivileged_userns_clone=1/,
    );
    assert.match(explain(denied, only("apparmor_restrict_unprivileged_userns", "1")), /Ubuntu 24.04/);
    assert.match(explain(denied, only("max_user_namespaces", "0")), /user.max_user_namespaces=/);
    assert.match(
      explain(denied, () => undefined),
      /--privileged/,
    );
    assert.match(
      explain("unshare: unshare failed: No space left on device", () => undefined),
      /limit/,
    );
  });

  it("reports a failed start with its error output, and leaves nothing", async () => {
    const blocked = inBase("blocked");
    fs.writeFileSync(inBase("unshare"), "#!/bin/sh\necho 'unshare: Operation not permitted' >&2; exit 1\n", {
      mode: 0o755,
    });
    const saved = process.env.PATH;
    process.env.PATH = `${tested.base}:${saved}`;
    try {
      await assert.rejects(
        startSandbox(blocked, "namespaces"),
        /namespaces cannot be made: .*\n.*not permitted/,
      );
    } finally {
      process.env.PATH = saved;
      fs.rmSync(inBase("unshare"));
    }
    assert.equal(fs.existsSync(blocked), false);
  });
});
