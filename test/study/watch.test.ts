/** What is watched during a switch, and how it is told. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { planLab } from "../../components/plan";
import { floorOf, formatWatched } from "../../components/study";
import { RATE } from "../../components/study/rate";
import { watchOrder } from "../../components/study/twin-watcher";
import { seenIn } from "../../components/study/watch";
import { labConfigs } from "../support/arbitraries";
import { planOf } from "../support/problems";
import { runs } from "../support/runs";

const id = (...parts: string[]) => JSON.stringify(parts);
const line = (seconds: string, text: string) => `[2026-11-26T09:00:${seconds}] ${text} `;

const SEEN = seenIn({
  flows: {
    [id("same-node", "w1-1", "w1-2")]: { sent: 40, first: Date.UTC(2026, 10, 26, 9) / 1000, lost: [] },
    [id("same-subnet", "w1-1", "w2-1")]: {
      sent: 40,
      first: Date.UTC(2026, 10, 26, 9) / 1000,
      lost: [22, 23, 24, 30],
    },
    [id("cross-subnet", "w1-1", "w3-1")]: {
      sent: 40,
      first: Date.UTC(2026, 10, 26, 9) / 1000,
      lost: [38, 39],
    },
  },
  connections: {
    [id("same-node", "w1-1", "w1-2")]: "lives",
    [id("cross-subnet", "w1-1", "w3-1")]: "broke (timed out)",
  },
  changes: {
    w1: [
      line("01.500000", "172.16.0.64/26 via 10.0.3.11 dev eth0 proto 80 onlink"),
      line("01.000000", "Deleted 172.16.0.64/26 via 172.16.0.64 dev vxlan.calico onlink"),
      line(
        "01.250000",
        "7: vxlan.calico: <BROADCAST,MULTICAST> mtu 1450 qdisc noqueue state DOWN group default",
      ),
      line(
        "01.260000",
        "Deleted 7: vxlan.calico: <BROADCAST,MULTICAST> mtu 1450 qdisc noop state DOWN group default",
      ),
      line(
        "01.270000",
        "9: cali0123456789a@if2: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP",
      ),
      line("01.270000", "2: eth0@if5: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP"),
      line(
        "01.270000",
        "Deleted local 172.16.0.1 dev vxlan.calico table local proto kernel scope host src 172.16.0.1",
      ),
      line("01.270000", "Deleted fe80::/64 dev vxlan.calico proto kernel metric 256 pref medium"),
    ],
    w2: [line("01.100000", "172.16.0.0/26 via 10.0.3.10 dev eth0 proto 80 onlink")],
  },
});

describe("a watch", () => {
  it("sends in both directions on every path between pods, from pods that the lab has, and looks at their nodes", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        const plan = planLab(config);
        const { flows, nodes } = watchOrder(plan, 1);
        const addresses = new Map(
          plan.nodes.flatMap(({ pods }) => pods.map((pod) => [pod.name, pod.address])),
        );
        for (const { from, to, destination } of flows) {
          assert.equal(destination, addresses.get(to));
          assert.ok(flows.some((other) => other.from === to && other.to === from));
          for (const pod of [from, to])
            assert.ok(
              nodes.some((node) => pod.startsWith(`${node}-`)),
              pod,
            );
        }
        assert.equal(flows.filter(({ connects }) => connects).length * 2, flows.length);
      }),
      { numRuns: runs(50) },
    );
    const paths = watchOrder(planOf({}), 1).flows.map(({ id }) => JSON.parse(id)[0]);
    assert.deepEqual([...new Set(paths)], ["same-node", "same-subnet", "cross-subnet"]);
  });

  it("counts what was lost, how long nothing came, and whether it still does not", () => {
    assert.deepEqual(
      SEEN.flows.map(({ lost, outage, stays, losses }) => [lost, outage, stays, losses]),
      [
        [0, 0, false, []],
        [
          4,
          3 * (1000 / RATE),
          false,
          [
            { at: 0.1, count: 3 },
            { at: 0.5, count: 1 },
          ],
        ],
        [2, 2 * (1000 / RATE), true, [{ at: 0.9, count: 2 }]],
      ],
    );
  });

  it("has the changes of routes and of the tunnel's and pods' devices in their order, without what the kernel adds by itself", () => {
    assert.deepEqual(
      SEEN.changes.map(({ node, at, change }) => [node, Math.round(at * 1000), change]),
      [
        ["w1", 0, "Deleted 172.16.0.64/26 via 172.16.0.64 dev vxlan.calico onlink"],
        ["w2", 100, "172.16.0.0/26 via 10.0.3.10 dev eth0 proto 80 onlink"],
        ["w1", 250, "vxlan.calico is down, mtu 1450"],
        ["w1", 260, "vxlan.calico is deleted"],
        ["w1", 270, "cali0123456789a is up, mtu 1500"],
        ["w1", 500, "172.16.0.64/26 via 10.0.3.11 dev eth0 proto 80 onlink"],
      ],
    );
  });

  it("is told in at most 80 columns: losses, broken connections, and the node with most changes", () => {
    const text = formatWatched(SEEN);
    assert.match(text, /^same-node +w1-1 > w1-2 +0 of 40 +none$/m);
    assert.match(text, /^same-subnet +w1-1 > w2-1 +4 of 40 +150 ms$/m);
    assert.match(text, /^cross-subnet +w1-1 > w3-1 +2 of 40 +since \+0\.90 s, to the end$/m);
    assert.match(text, /^Connections from before the switch: cross-subnet broke \(timed out\)\.$/m);
    assert.match(text, /^ {2}\+0\.25 s {2}w1: vxlan\.calico is down, mtu 1450$/m);
    assert.doesNotMatch(text, /w2: /);
    assert.match(text, /\(1 more with -v\)$/);
    assert.match(formatWatched(SEEN, { verbose: true }), /^ {2}\+0\.10 s {2}w2: /m);
    for (const shown of text.split("\n")) assert.ok(shown.length <= 80, shown);
  });

  it("sets beside each loss what a bare patch loses, where that was measured and the path works before and after", () => {
    const floor = floorOf(planOf({ encapsulation: "None", podRoutes: true }), "VXLAN");
    const text = formatWatched(SEEN, { floor });
    assert.match(text, /^DURING THE SWITCH +PODS +LOST +LONGEST OUTAGE +FLOOR$/m);
    assert.match(text, /^same-node .* none +none$/m);
    assert.match(text, /^same-subnet .* 150 ms +150 ms$/m);
    assert.match(text, /^cross-subnet .* to the end +-$/m);
    assert.match(text, /^FLOOR: a bare patch of the IPPool, on Calico 3\.28\.5 /m);
    for (const shown of text.split("\n")) assert.ok(shown.length <= 80, shown);
    // Without a route in the router, what BIRD has given up goes nowhere until Felix has its own.
    assert.ok((floorOf(planOf({ encapsulation: "None" }), "VXLAN")?.lost["same-subnet"] ?? 0) > 1000);
    assert.equal(floorOf(planOf({ encapsulation: "IPIP" }), "VXLAN"), undefined, "not measured");
  });

  it("knows when each packet was sent, where the watcher says so", () => {
    const times = [100, 100.05, 100.35, 100.4];
    const flows = { [id("same-node", "a-1", "a-2")]: { sent: 4, first: 100, lost: [2], times } };
    assert.deepEqual(seenIn({ flows, connections: {}, changes: {} }).flows[0]?.losses, [
      { at: 0.35, count: 1 },
    ]);
  });

  it("has no change when the kernel reported none, and counts from the first datagram", () => {
    const { changes, flows } = seenIn({
      flows: { [id("same-node", "a-1", "a-2")]: { sent: 4, first: 100, lost: [1] } },
      connections: {},
      changes: { a: [] },
    });
    assert.deepEqual([changes, flows[0]?.losses], [[], [{ at: 1 / RATE, count: 1 }]]);
  });
});
