/** Captures in a shell: when they have begun, how they end, and what is read from them. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import type { ClusterApi } from "../../../components/study/cluster/api";
import { Field } from "../../../components/study/cluster/field";
import { makePrograms, type Programs } from "../../support/programs";

/** A tcpdump that listens after a while, and then prints what comes: here, the lines of a file once it is there. */
const TCPDUMP = `
for last; do :; done
case $last in
  absent) echo "tcpdump: $last: No such device exists" >&2; exit 1 ;;
esac
sleep 0.3
echo "tcpdump: verbose output suppressed, use -v for full protocol decode" >&2
echo "listening on $last, link-type EN10MB (Ethernet), snapshot length 262144 bytes" >&2
trap 'echo "1 packet captured" >&2; exit 0' TERM
while [ ! -e sent ]; do sleep 0.01; done
for i in 1 2 3; do echo "$last: packet $i"; done
sleep 60 & wait
`;

describe("captures in a place", () => {
  let programs: Programs;
  let scripts: number;
  before(() => {
    programs = makePrograms({ tcpdump: TCPDUMP });
  });
  after(() => programs.remove());
  beforeEach(() => {
    scripts = 0;
    fs.rmSync(path.join(programs.folder, "sent"), { force: true });
  });

  /** Runs a script as the cluster's API does, with both of its streams. */
  const run: ClusterApi["run"] = async (_place, [shell = "", ...args], _seconds, { hear, input } = {}) => {
    scripts++;
    const { folder, env } = programs;
    const child = spawn(shell, args, { cwd: folder, env });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString();
        hear?.(chunk.toString());
      });
    input?.on("data", (chunk: Buffer) => child.stdin.write(chunk));
    const code = await new Promise<number>((resolve) => child.once("close", resolve));
    scripts--;
    return { code, output };
  };
  const place = (name: string) => ({ name, namespace: "n", pod: name, container: "c", address: "" });
  const field = () =>
    new Field(
      { run },
      {
        ready: new Map(["w1", "w2"].map((name) => [name, place(name)])),
        missing: new Map([["w3", "the node w3 is not ready"]]),
      },
    );
  const at = (where: string, device: string) => ({ where, command: `tcpdump -i ${device}` });
  const send = async () => fs.writeFileSync(path.join(programs.folder, "sent"), "");

  it("have begun when each listens, so that nothing sent after that is missed, and end at once when they are told to", async () => {
    const own = field();
    const seen = await own.captureDuring([at("w1", "eth0"), at("w2", "eth0"), at("w1", "cali1")], send);
    const lines = (device: string) => [1, 2, 3].map((i) => `${device}: packet ${i}`).join("\n");
    assert.deepEqual(
      seen.map(({ where, output }) => [where, output]),
      [
        ["w1", lines("eth0")],
        ["w2", lines("eth0")],
        ["w1", lines("cali1")],
      ],
    );
    assert.equal(own.evidence.length, 3);
    assert.equal(scripts, 0);
  });

  it("go on without one whose device is not there, and without a place that does not answer", async () => {
    const [absent, there, silent] = await field().captureDuring(
      [at("w1", "absent"), at("w1", "eth0"), at("w3", "eth0")],
      send,
    );
    assert.deepEqual([absent?.exit, absent?.output], [1, ""]);
    assert.match(there?.output ?? "", /^eth0: packet 1\n/);
    assert.deepEqual([silent?.exit, silent?.output], [undefined, "the node w3 is not ready"]);
  });

  it("leave no file behind", () => {
    const left = fs.readdirSync("/tmp").filter((name) => name.startsWith("capture."));
    assert.deepEqual(left, []);
  });
});
