import assert from "node:assert/strict";
import * as fs from "node:fs";
import { findSandbox, runScript, SandboxError } from "../../../components/infrastructure/twin/sandbox";
import { inTerminal } from "../../support/sandbox";
import { SandboxUnderTest } from "../../support/sandbox-under-test";

describe("the namespaces sandbox", function () {
  this.timeout(60_000);
  const tested = SandboxUnderTest.forSuite("namespaces");
  const run = (script: string, input?: string) => runScript(tested.sandbox, script, input);

  it("is found by its folder, with the same boot id, and in no other folder", () => {
    assert.equal(findSandbox(tested.folder)?.bootId, tested.sandbox.bootId);
    assert.equal(findSandbox(tested.path("none")), undefined);
  });

  it("returns a script's exact standard output", async () => {
    assert.equal(await run("printf 'a\\n\\nb'"), "a\n\nb");
    assert.equal(await run("cat", "in'put\n$HOME\n"), "in'put\n$HOME\n");
    assert.equal(await run("cat"), "", "without input the script must not read itself");
  });

  it("reports exit code and standard error of a script that fails", async () => {
    await assert.rejects(run("echo out; echo 'it broke' >&2; exit 7"), (error: unknown) => {
      assert.ok(error instanceof SandboxError);
      assert.equal(error.exitCode, 7);
      assert.equal(error.stderr, "it broke");
      return true;
    });
    await assert.rejects(run("set -e; false; echo unreached"), { exitCode: 1 });
    await assert.rejects(run("if then"), { name: "SandboxError" });
  });

  it("accepts large scripts, input and output", async () => {
    const input = "0123456789abcdef".repeat(200_000);
    assert.equal((await run("cat; cat /dev/null", input)).length, input.length);
    assert.equal((await run("head -c 8000000 /dev/zero | tr '\\0' x")).length, 8_000_000);
    assert.equal(await run(`f() { :; }\n${"f 10.0.0.0/26\n".repeat(100_000)}echo end`), "end\n");
  });

  it("runs many scripts at the same time", async () => {
    const numbers = Array.from({ length: 30 }, (_, i) => i);
    const answers = await Promise.all(numbers.map((i) => run(`sleep 0.2; echo ${i}`)));
    assert.deepEqual(
      answers,
      numbers.map((i) => `${i}\n`),
    );
  });

  it("does not wait for processes that a script leaves running", async () => {
    const started = Date.now();
    await run("sleep 300 &");
    assert.ok(Date.now() - started < 5_000);
  });

  it("has network namespaces with their own sysctls, and working tcpdump, birdc and conntrack", async () => {
    const output = await run(
      `set -e
       ip netns add t1; ip -n t1 link set lo up
       ip netns exec t1 sysctl -qw net.ipv4.ip_forward=1
       sysctl -n net.ipv4.ip_forward; ip netns exec t1 sysctl -n net.ipv4.ip_forward
       ip netns exec t1 timeout 20 tcpdump -c1 -ni lo icmp > /run/seen 2> /run/said & capture=$!
       until grep -q listening /run/said; do :; done
       ip netns exec t1 ping -qc1 127.0.0.1 > /run/ping; wait $capture; grep -o 'echo request' /run/seen
       ip netns exec t1 birdc show 2>&1 || echo code $?
       ip netns del t1`,
    );
    assert.match(output, /^0\n1\necho request\nBIRD does not run in this lab: .* bgp: Disabled\./);
    assert.match(output, /\ncode 69\n$/);
  });

  it("cannot change the host's kernel settings, which are read-only even for the host's root", async () => {
    await assert.rejects(run("sysctl -w kernel.panic=77"), SandboxError);
    assert.notEqual(fs.readFileSync("/proc/sys/kernel/panic", "utf8").trim(), "77");
  });

  it("gives a shell on a terminal as the node's root", async () => {
    await run("ip netns add w1");
    const seen = await inTerminal(tested.sandbox.shellArgv("w1"), [
      "hostname",
      "id -u",
      "echo HIST=$HISTFILE.",
      "exit",
    ]);
    assert.match(seen, /network twin/);
    assert.match(seen, /root@w1:~#/);
    assert.match(seen, /HIST=\./);
    assert.match(
      await inTerminal(tested.sandbox.shellArgv("w9"), []),
      /no "w9" in this twin. There are: .*w1/,
    );
  });
});
