/** The commands that study pods run, by a real shell, and what their output means. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { batch, commandOf, outcomes, resultOf } from "../../../components/study/cluster/commands";

const run = (commands: readonly string[]) => {
  const output = execFileSync("sh", ["-c", batch(commands)], { encoding: "utf8" });
  return outcomes(output, commands.length);
};

describe("a batch of commands", () => {
  it("reports each command's exit code and output, whatever is in its quotes, and runs them at the same time", () => {
    const start = Date.now();
    const slow = Array.from({ length: 80 }, (_, i) => `sleep 0.2; echo "it's ${i}"; (exit ${i % 3})`);
    assert.deepEqual(
      run(slow),
      slow.map((_, i) => ({ code: i % 3, output: `it's ${i}` })),
    );
    // 80 commands one after the other would sleep for 16 s.
    assert.ok(Date.now() - start < 8000);
  });

  it("keeps standard error, and does not wait for a command in the background", () => {
    const [told, background] = run(["echo no >&2; false", "sleep 20 >/dev/null 2>&1 &"]);
    assert.deepEqual(told, { code: 1, output: "no" });
    assert.equal(background?.code, 0);
  });

  it("has no outcome for a command that was cut off", () => {
    assert.deepEqual(outcomes("@encaplab@1 0\nfine\n", 2), [undefined, { code: 0, output: "fine" }]);
    assert.deepEqual(outcomes("", 1), [undefined]);
  });
});

describe("a probe's command", () => {
  it("sends packets of the whole length with DF, and repeats them for the window", () => {
    const to = { destination: "172.16.1.2" };
    assert.equal(
      commandOf({ ...to, probe: "icmp", size: 1450 }, 3),
      "ping -n -M do -s 1422 -c 1 -i 0.2 -w 3 172.16.1.2",
    );
    const tcp = (port: number) => commandOf({ ...to, probe: "tcp", size: 60, port }, 3);
    assert.match(tcp(8080), /--connect-timeout 3\.5 -m 4 http:\/\/172\.16\.1\.2:8080\/$/);
    assert.match(tcp(10250), / https:\/\/172\.16\.1\.2:10250\/$/);
    const udp = commandOf({ ...to, probe: "udp", size: 84, port: 53 }, 3);
    assert.equal(udp, "timeout 3 sh /study/ask 172.16.1.2:53 56 3");
  });

  const failures: [string, number, string, string][] = [
    ["silence", 1, "PING 10.0.3.1 (10.0.3.1) 56(84) bytes of data.\n\n--- statistics ---", "no answer"],
    [
      "its own device's MTU",
      1,
      "ping: local error: message too long, mtu=1450",
      "larger than its own device's MTU (1450)",
    ],
    [
      "a hop that answers",
      1,
      "From 10.0.3.1 icmp_seq=1 Frag needed and DF set (mtu = 1442)",
      "10.0.3.1 says: Frag needed and DF set (mtu = 1442)",
    ],
    [
      "a port that is closed",
      7,
      "curl: (7) Failed to connect to 10.0.3.11 port 9100: Connection refused",
      "connection refused",
    ],
    [
      "a datagram that is too long",
      1,
      "socat[7] E send(5, 0x7f, 1422, 0): Message too long",
      "larger than a hop's MTU",
    ],
  ];
  for (const [name, exit, output, detail] of failures)
    it(`is explained after a failure: ${name}`, () => {
      assert.deepEqual(resultOf({ exit, output }), { works: false, detail });
    });

  it("says nothing about the path where it did not run: no connection, or no such program", () => {
    for (const ran of [
      { output: "no answer within 20 s" },
      { exit: 127, output: "sh: 1: ping: not found" },
      { exit: 1, output: "sh: socat: not found" },
      { exit: 1, output: "ping: unrecognized option: M\nBusyBox v1.36.1" },
      { exit: 2, output: "ping: invalid option -- 'M'" },
    ])
      assert.equal(resultOf(ran).unmeasured, true);
    assert.deepEqual(resultOf({ exit: 0, output: "" }), { works: true, detail: "" });
  });
});
