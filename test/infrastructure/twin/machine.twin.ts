import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import {
  cancelBoot,
  findSandbox,
  runScript,
  SandboxError,
  startSandbox,
  stopSandbox,
} from "../../../components/infrastructure/twin/sandbox";
import { prepareImage } from "../../../components/infrastructure/twin/sandbox/image";
import { hostNetwork, inTerminal, mentions, until } from "../../support/sandbox";
import { isRoot, SandboxUnderTest } from "../../support/sandbox-under-test";
import { skip } from "../../support/skip";

const CONTAINERS = path.join(__dirname, "../../../scripts/containers");

describe("the machine sandbox", function () {
  this.timeout(300_000);
  let host: string;
  before(() => {
    host = hostNetwork();
  });
  const tested = SandboxUnderTest.forSuite("machine");
  const run = (script: string, input?: string) => runScript(tested.sandbox, script, input);

  it("reports progress while it starts, and is found by its folder", () => {
    assert.match(
      tested.progress.join("\n"),
      /Booting.*\n.*the kernel runs \(\d+ s\)\n.*drivers are loaded.*\n.*answers after/s,
    );
    assert.equal(findSandbox(tested.folder)?.bootId, tested.sandbox.bootId);
    assert.equal(findSandbox(tested.folder)?.kind, "machine");
  });

  it("returns a script's exact output, its exit code and its standard error", async () => {
    assert.equal(await run("printf 'a\\n\\nb'"), "a\n\nb");
    assert.equal(await run("cat", "in'put\n$HOME\n"), "in'put\n$HOME\n");
    await assert.rejects(run("echo out; echo 'it broke' >&2; exit 7"), {
      exitCode: 7,
      stderr: "it broke",
    });
  });

  it("accepts large scripts, input and output", async () => {
    const input = "0123456789abcdef".repeat(100_000);
    assert.equal((await run("cat", input)).length, input.length);
    assert.equal(await run(`f() { :; }\n${"f 10.0.0.0/26\n".repeat(10_000)}echo end`), "end\n");
  });

  it("runs many scripts at the same time, and does not wait for processes that one leaves running", async () => {
    const numbers = Array.from({ length: 12 }, (_, i) => i);
    const answers = await Promise.all(numbers.map((i) => run(`sleep 500 & echo ${i}`)));
    assert.deepEqual(
      answers,
      numbers.map((i) => `${i}\n`),
    );
  });

  it("carries packets through the kernel's own ipip device, which tcpdump shows as protocol 4", async () => {
    const output = await run(
      `set -e
       ip netns add a; ip netns add b
       ip -n a link add e type veth peer name e netns b
       for n in a b; do
         [ $n = a ] && i=1 j=2 || i=2 j=1
         ip -n $n link add tunl0 type ipip
         ip -n $n -batch - <<END
link set lo up
link set e up
address add 10.9.0.$i/24 dev e
link set tunl0 up
address add 10.8.$i.1/32 dev tunl0
route add 10.8.$j.0/24 via 10.9.0.$j dev tunl0 onlink
END
       done
       ip netns exec a timeout 30 tcpdump -c1 -ni e proto 4 > /run/seen 2> /run/said & capture=$!
       until grep -q listening /run/said; do sleep 0.1; done
       ip netns exec a ping -qc2 -I 10.8.1.1 10.8.2.1 | grep received
       wait $capture; cat /run/seen
       ip netns exec a nft add table ip t
       ip netns exec a nft add chain ip t c '{ type nat hook postrouting priority 100; }'
       ip netns exec a nft add rule ip t c masquerade
       ip netns del a; ip netns del b`,
    );
    assert.match(output, /2 received/);
    assert.match(output, /IP 10\.9\.0\.1 > 10\.9\.0\.2: IP 10\.8\.1\.1 > 10\.8\.2\.1: ICMP echo request/);
  });

  // For node containers. The kernel that runs the tests may have version 1 alone; this one has version 2.
  it("limits the devices of a control group of version 2, and of those below it, once", async () => {
    const files = ["cgroup.sh", "devices.sh", "devices.pl"].map((name) => {
      const text = fs.readFileSync(path.join(CONTAINERS, name), "utf8");
      return `cat >/run/limit/${name} <<'END OF FILE'\n${text}END OF FILE\n`;
    });
    const output = await run(
      `set -e
       die() { echo "$*" >&2; exit 1; }
       mkdir -p /run/limit/dev
       mount -t tmpfs -o dev tmpfs /run/limit/dev # /run allows none
       ${files.join("")}
       mountpoint -q /sys/fs/cgroup || mount -t cgroup2 cgroup2 /sys/fs/cgroup
       . /run/limit/cgroup.sh
       . /run/limit/devices.sh
       make_cgroup lab/node
       try() { # KIND MAJOR MINOR NAME
         [[ -e /run/limit/dev/$4 ]] || mknod /run/limit/dev/$4 $1 $2 $3
         if (: </run/limit/dev/$4) 2>/run/limit/why; then echo "$4 opens"
         elif grep -q 'Operation not permitted' /run/limit/why; then echo "$4 is refused"
         else cat /run/limit/why; fi
       }
       try c 1 11 kmsg-outside
       limit_devices lab
       limit_devices lab
       enter_cgroup lab/node
       try c 1 3 null; try c 1 5 zero; try c 1 9 urandom; try c 1 7 full
       try c 1 1 mem; try c 1 11 kmsg; try c 10 232 kvm; try c 5 64 other; try b 8 0 disk`,
    );
    assert.deepEqual(output.trim().split("\n"), [
      "kmsg-outside opens",
      ...["null", "zero", "urandom", "full"].map((name) => `${name} opens`),
      ...["mem", "kmsg", "kvm", "other", "disk"].map((name) => `${name} is refused`),
    ]);
  });

  it("cannot write this computer's files", async () => {
    await assert.rejects(run("touch /usr/encaplab-was-here"), SandboxError);
    assert.equal(fs.existsSync("/usr/encaplab-was-here"), false);
  });

  it("gives a shell on a terminal as the node's root", async () => {
    await run("ip netns add w1");
    const seen = await inTerminal(tested.sandbox.shellArgv("w1"), [
      "hostname",
      "tty",
      "echo HIST=$HISTFILE.",
      "exit",
    ]);
    assert.match(seen, /root@w1:~#/);
    assert.match(seen, /\/dev\/pts\/\d/);
    assert.match(seen, /HIST=\./);
  });

  it("stays when a boot is cancelled that has already ended", async () => {
    await cancelBoot(tested.folder);
    assert.equal(findSandbox(tested.folder)?.bootId, tested.sandbox.bootId);
  });

  it("leaves the host's network unchanged, and listens on none of its ports", () => {
    assert.equal(hostNetwork(), host);
    assert.doesNotMatch(fs.readFileSync("/proc/net/tcp", "utf8"), /:1B59 |:1B5A /);
  });

  it("leaves no process, no QEMU and no file when stopped", async () => {
    assert.equal(mentions(`encaplab.boot=${tested.sandbox.bootId}`).length, 1, "QEMU");
    await stopSandbox(tested.folder);
    assert.deepEqual(mentions(tested.sandbox.bootId), []);
    assert.deepEqual(mentions(tested.base), []);
    assert.equal(fs.existsSync(tested.folder), false);
    assert.equal(findSandbox(tested.folder), undefined);
  });

  for (const moment of ["Booting", "the kernel runs"]) {
    it(`leaves no process and no folder when its starter is killed at "${moment}"`, async () => {
      const killed = tested.path("killed");
      const child = tested.starter(killed);
      await new Promise<void>((resolve) =>
        child.stdout?.on("data", (data) => `${data}`.includes(moment) && resolve()),
      );
      await until(() => fs.existsSync(path.join(killed, "console.log")));
      child.kill("SIGKILL");
      await until(() => mentions(killed).length === 0 && !fs.existsSync(killed), 30_000);
      assert.equal(hostNetwork(), host);
    });
  }

  it("leaves no process and no folder when its boot is cancelled, and the start fails", async () => {
    const cancelled = tested.path("cancelled");
    let reached = () => {};
    const booting = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const started = startSandbox(cancelled, "machine", (line) => {
      if (line.includes("the kernel runs")) reached();
    });
    const failed = assert.rejects(started, /QEMU machine does not start: it ended before it was ready/);
    await booting;
    await cancelBoot(cancelled);
    await failed;
    assert.deepEqual(mentions(cancelled), []);
    assert.equal(fs.existsSync(cancelled), false);
  });

  it("works for a user who is not root", async function () {
    if (!isRoot()) skip(this, "not root: the tests above have shown it already");
    const home = tested.path("nobody");
    fs.mkdirSync(home);
    const image = await prepareImage(() => {});
    fs.cpSync(image, path.join(home, "encaplab/machine", path.basename(image)), { recursive: true });
    fs.chmodSync(tested.base, 0o755);
    const script = "id -u; ip link add t0 type ipip local 192.0.2.1; ip -br link show t0";
    assert.match(tested.asNobody(home, script), /^0\nt0@NONE/);
    assert.deepEqual(mentions(home), []);
  });

  it("reports the machine's console output when it does not start", async () => {
    const broken = tested.path("broken-cache");
    const good = await prepareImage(() => {});
    const image = path.join(broken, "encaplab/machine", path.basename(good));
    fs.cpSync(good, image, { recursive: true });
    fs.rmSync(path.join(image, "lib/modules"), { recursive: true });
    fs.mkdirSync(path.join(image, "lib/modules/none"), { recursive: true });
    fs.writeFileSync(path.join(image, "lib/modules/none/modules.dep"), "");
    const saved = process.env.XDG_CACHE_HOME;
    process.env.XDG_CACHE_HOME = broken;
    try {
      await assert.rejects(
        startSandbox(tested.path("broken"), "machine"),
        /QEMU machine does not start.*mount/s,
      );
    } finally {
      if (saved === undefined) delete process.env.XDG_CACHE_HOME;
      else process.env.XDG_CACHE_HOME = saved;
    }
    assert.equal(fs.existsSync(tested.path("broken")), false);
    assert.deepEqual(mentions(tested.base), []);
  });
});
