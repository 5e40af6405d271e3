/** What a watch of a cluster runs, and what it reads from that. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { KubernetesObject } from "../../../components/study/cluster/api";
import {
  countedIn,
  END_COMMAND,
  MARK,
  nodeScript,
  podScript,
  STARTED,
} from "../../../components/study/cluster/watch-commands";
import { endAnyWatch, isWatched, marked } from "../../../components/study/cluster/watch-end";
import { clusterWatcher } from "../../../components/study/cluster/watcher";
import { type Flow, seenIn } from "../../../components/study/watch";
import { planOf } from "../../support/problems";
import { makePrograms, type Programs } from "../../support/programs";
import { until } from "../../support/sandbox";

const ADDRESSES: Record<string, string> = {
  "cp1-1": "172.16.0.1",
  "cp1-2": "172.16.0.2",
  "w1-1": "172.16.0.65",
};
const flow = (kind: string, from: string, to: string, connects: boolean): Flow => ({
  id: JSON.stringify([kind, from, to]),
  from,
  to,
  destination: ADDRESSES[to] ?? "",
  connects,
});
const INSIDE = flow("same-node", "cp1-1", "cp1-2", true);
const OUT = flow("same-subnet", "cp1-1", "w1-1", true);
const BACK = flow("same-subnet", "w1-1", "cp1-1", false);
const FLOWS = [INSIDE, OUT, BACK];

/** A line of tcpdump for a ping, 50 ms after the one before. */
const ping = ({ from, to }: Flow, number: number, id = 7): string =>
  `${(1000 + number * 0.05).toFixed(6)} IP ${ADDRESSES[from]} > ${ADDRESSES[to]}: ICMP echo request, id ${id}, seq ${number}, length 64`;
const pings = (of: Flow, numbers: readonly number[]) => numbers.map((number) => ping(of, number));
const upTo = (count: number, without: readonly number[] = []) =>
  Array.from({ length: count }, (_, i) => i + 1).filter((number) => !without.includes(number));

const counted = (cp1: readonly string[], w1: readonly string[], printed = "") =>
  countedIn({
    flows: FLOWS,
    addressOf: (pod) => ADDRESSES[pod] ?? "",
    nodeOf: (pod) => pod.replace(/-\d$/, ""),
    pods: new Map([["cp1-1", printed]]),
    nodes: new Map([
      ["cp1", cp1.join("\n")],
      ["w1", w1.join("\n")],
    ]),
  });

describe("the watch of a cluster", () => {
  it("counts each direction by itself: a ping arrives if the device of the other pod has seen it", () => {
    const { flows } = seenIn(
      counted(
        [...pings(OUT, upTo(20)), ...pings(BACK, upTo(20, [5]))],
        [...pings(OUT, upTo(20, [7, 8, 9])), ...pings(BACK, upTo(20))],
      ),
    );
    assert.deepEqual(
      flows.map(({ from, sent, lost, outage, losses }) => [from, sent, lost, outage, losses]),
      [
        ["cp1-1", 20, 3, 150, [{ at: 0.3, count: 3 }]],
        ["w1-1", 20, 1, 50, [{ at: 0.2, count: 1 }]],
      ],
    );
  });

  it("sees a ping inside a node twice, once at each device, and one that is lost only once", () => {
    const twice = pings(INSIDE, upTo(10)).flatMap((line, i) => (i === 4 ? [line] : [line, line]));
    const [seen] = seenIn(counted(twice, [])).flows;
    assert.deepEqual([seen?.sent, seen?.lost], [10, 1]);
  });

  it("does not take another ping between the same pods for its own", () => {
    const lines = [...pings(OUT, upTo(20)), ping(OUT, 1, 9), ping(OUT, 2, 9)];
    const [seen] = seenIn(counted(lines, [...pings(OUT, upTo(20)), ping(OUT, 1, 9)])).flows;
    assert.deepEqual([seen?.sent, seen?.lost], [20, 0]);
  });

  it("says what became of each old connection", () => {
    const begun = "N starting data transfer loop with FDs [0,1] and [5,5]";
    const states = (printed: string) => Object.values(counted([], [], printed).connections);
    assert.deepEqual(states(`@started@\n@0@ ${begun}  HTTP/1.0 200 OK  encaplab\n@1@ ${begun}`), [
      "lives",
      "broke (nothing arrives)",
    ]);
    assert.deepEqual(
      states(
        `@0@ E connect(5, AF=2): Connection timed out\n@1@ ${begun} E read(5): Connection reset by peer`,
      ),
      ["could not be opened before the change", "broke (Connection reset by peer)"],
    );
    assert.deepEqual(states("@started@\n"), ["was not seen to its end", "was not seen to its end"]);
  });

  it("knows by their output when pods and nodes have begun", () => {
    const begun =
      "tcpdump: verbose output\nlistening on cali1, link-type EN10MB\ntcpdump: listening on cali2";
    assert.equal(begun.match(STARTED)?.length, 2);
    assert.equal("@started@\n@0@ lives".match(STARTED)?.length, 1);
  });

  it("leaves a mark while it runs, by which an observation knows that it must end it first, in pods before nodes", async () => {
    assert.equal(isWatched(marked(new Date(0))), true);
    assert.equal(isWatched({ metadata: { name: "encaplab-study" } } as KubernetesObject), false);
    const pod = (name: string, app: string, phase = "Running") => ({
      metadata: { name, labels: { app } },
      status: { phase },
    });
    const all = [
      pod("n", "study-node"),
      pod("a", "study"),
      pod("b", "study-second"),
      pod("c", "study", "Failed"),
    ];
    const ran: string[] = [];
    const run = async (place: { pod: string }) => {
      ran.push(place.pod);
      return { code: 0, output: "" };
    };
    await endAnyWatch({ run, list: (async () => all) as never });
    assert.deepEqual(ran, ["a", "b", "n"]);
  });

  it("says in one sentence why it cannot watch, and throws nothing: the switch goes on", async () => {
    const kubeconfig = JSON.stringify({
      clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }],
      contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
      users: [{ name: "u", user: {} }],
      "current-context": "c",
    });
    const said: string[] = [];
    const watcher = clusterWatcher({ kubeconfig, image: "i", say: (sentence) => said.push(sentence) });
    assert.equal(await watcher.begin(planOf({})), undefined);
    assert.match(
      said.join("|"),
      /^The switch is not watched: The cluster's API at 127\.0\.0\.1:1 cannot be reached [^|]*$/,
    );
  });

  describe("in a shell", () => {
    let stand: Programs;
    /** Programs that stand in for those of the image. */
    const programs = {
      ping: "echo pings >>log; exec sleep 60",
      tcpdump:
        'case "$*" in *version*) exit 0 ;; esac; echo "$*" >>log; echo "listening on x" >&2; exec sleep 60',
      ip: 'case $1 in route) echo "172.16.0.1 dev cali1 src 10.0.3.10" ;; *) exec sleep 60 ;; esac',
      // What comes from the pod's side ends when the request is written.
      socat: 'read -r line; echo "starting data transfer loop $line encaplab"',
    };

    before(() => {
      stand = makePrograms(programs);
    });
    after(() => stand.remove());
    const log = () => path.join(stand.folder, "log");

    /** Runs a script until it has begun, ends it, and returns what it printed. */
    async function played(script: string, signs: number): Promise<string> {
      const { folder, env } = stand;
      const child = spawn("sh", ["-c", script, MARK], { cwd: folder, env });
      let printed = "";
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (chunk: Buffer) => {
          printed += chunk.toString();
        });
      const ended = new Promise((resolve) => child.once("close", resolve));
      await until(() => (printed.match(STARTED)?.length ?? 0) >= signs);
      await delay(100);
      assert.equal(spawnSync("sh", ["-c", END_COMMAND], { env, timeout: 10_000 }).status, 0);
      await ended;
      return printed;
    }

    it("a pod pings until it is told to end, and then asks whether its old connections still carry a request", async () => {
      const printed = await played(podScript(FLOWS.slice(0, 2), 8080), 1);
      assert.deepEqual(Object.values(counted([], [], printed).connections), ["lives", "lives"]);
      assert.match(printed, /^@1@ .*GET \/ HTTP\/1\.0/m);
      assert.equal(fs.readFileSync(log(), "utf8"), "pings\npings\n");
    });

    it("a node lists its changes and looks at the pods' devices without promiscuous mode, which would be a change", async () => {
      fs.rmSync(log(), { force: true });
      await played(nodeScript(["172.16.0.1", "172.16.0.2"]), 2);
      const lines = fs.readFileSync(log(), "utf8").trimEnd().split("\n");
      assert.equal(lines.filter((line) => /-plnntt .*icmp-echo/.test(line)).length, 2);
    });
  });
});
