/** The measuring program's decisions, without any packet. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const PROGRAM = join(__dirname, "../../../scripts/twin/observe");

/** Runs some lines of Python beside the program's modules. @returns what they print as JSON. */
function python(lines: string): unknown {
  const { status, stdout, stderr } = spawnSync("python3", ["-B", "-c", lines], {
    cwd: PROGRAM,
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

/** When a probe without an answer is sent and given up: `[seconds, what]`, with an answer limit of `silence` seconds. */
const timeline = (expect: boolean, kind: string, silence: number, surprised = false): unknown =>
  python(`
import json
from probe import Probe
probe = Probe({"id": "a", "namespace": "a", "destination": "b", "probe": "${kind}", "size": 84, "expect": ${expect ? "True" : "False"}})
probe.attempts, probe.begun, probe.sent, seen = 1, 1000, 1000, []
if ${surprised ? "True" : "False"}: probe.surprise()
for step in range(1, 1000):
    # Between the limits, whatever the rounding.
    now = 1000 + step / 100 + 0.005
    todo = probe.due(now, 1, ${silence})
    if todo == "resend":
        probe.attempts, probe.sent = probe.attempts + 1, now
    if todo:
        seen.append([step / 100, todo])
    if todo == "give up":
        break
print(json.dumps(seen))`);

describe("the measuring program", () => {
  it("waits two seconds for a probe that should work, and repeats a ping three times", () => {
    assert.deepEqual(timeline(true, "icmp", 0.1), [
      [0.1, "resend"],
      [0.3, "resend"],
      [0.8, "resend"],
      [2, "give up"],
    ]);
    assert.deepEqual(timeline(true, "tcp", 0.1), [[2, "give up"]]);
  });

  it("gives up a probe that should fail after its round's limit, and sends a ping twice before", () => {
    assert.deepEqual(timeline(false, "icmp", 0.2), [
      [0.1, "resend"],
      [0.31, "give up"],
    ]);
    assert.deepEqual(timeline(false, "tcp", 0.2), [[0.2, "give up"]]);
  });

  it("waits in full for a probe that should fail if a connection was made", () => {
    assert.deepEqual(timeline(false, "tcp", 0.1, true), [[2, "give up"]]);
  });

  it("recognizes a packet in an IPIP or a VXLAN tunnel by what is inside", () => {
    const found = python(`
import json, socket, struct
from capture import matches
def ip(protocol, source, destination, inside):
    ends = socket.inet_aton(source) + socket.inet_aton(destination)
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(inside), 0, 0, 64, protocol, 0) + ends + inside
ping = ip(1, "172.16.0.1", "172.16.0.65", bytes(64))
vxlan = struct.pack("!HHHH", 40000, 4789, 0, 0) + bytes(8) + bytes(14) + ping
wanted = {"protocol": "icmp", "destination": "172.16.0.65"}
packets = [ping, ip(4, "10.0.3.10", "10.0.3.11", ping), ip(17, "10.0.3.10", "10.0.3.11", vxlan)]
print(json.dumps([
    [matches(packet, wanted) for packet in packets],
    [matches(packet, dict(wanted, source="172.16.0.2")) for packet in packets],
    [matches(packet, dict(wanted, destination="10.0.3.11")) for packet in packets],
]))`);
    assert.deepEqual(found, [
      [true, true, true],
      [false, false, false],
      [false, false, false],
    ]);
  });
});
