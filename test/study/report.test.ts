import assert from "node:assert/strict";
import * as fc from "fast-check";
import { judge, type LabPlan, planLab, rowKey } from "../../components/plan";
import { formatChange, formatObservation, formatVerdict } from "../../components/study";
import { compare } from "../../components/study/observation";
import { summarizeObservation } from "../../components/study/observation-report";
import { labConfigs } from "../support/arbitraries";
import { asPredicted } from "../support/measured";
import { planOf, type RawConfig } from "../support/problems";

const NOW = new Date("2026-10-01T12:34:56Z");

const observed = (plan: LabPlan) => compare(plan, asPredicted(plan), NOW);

/** A report's words in one line, to look for a sentence that may be wrapped anywhere. */
const unwrapped = (text: string): string => text.replace(/\s+/g, " ");

function assertFits(text: string, width: number): void {
  const tooLong = text.split("\n").filter((line) => line.length > width && !/^ *https:\S+$/.test(line));
  assert.deepEqual(tooLong, []);
  assert.doesNotMatch(text, / $/m);
}

const broken = planOf({ fabric: "aws", encapsulation: "None", faults: ["source-dest-check"] });

describe("the verdict's report", () => {
  it("names each path, where and why it fails, the fix and the reference, and what it cannot know", () => {
    const verdict = judge(broken);
    // Not verbose, failures with the same fix are one paragraph, with the hop of the first.
    const text = unwrapped(formatVerdict(verdict, { verbose: true }));
    for (const row of verdict.paths) {
      assert.ok(text.includes(rowKey(row)));
      for (const part of row.failure ? [row.failure.hop, row.failure.fix, row.failure.reference] : [])
        assert.ok(text.includes(part), part);
    }
    assert.match(text, /intended: .*source-dest-check/);
    assert.match(text, /The verdict cannot know: /);
  });

  it("says in its first line how many paths fail", () => {
    const first = (raw: RawConfig) => formatVerdict(judge(planOf(raw))).split("\n")[0];
    assert.equal(first({ encapsulation: "VXLAN" }), "Verdict (a prediction): every path works");
    assert.equal(first({ encapsulation: "None" }), "Verdict (a prediction): 4 of 13 paths fail");
    const blocked = { encapsulation: "IPIP", fabric: "aws", faults: ["ipip-blocked"] };
    assert.equal(first(blocked), "Verdict (a prediction): 8 of 13 paths fail");
  });

  it("has one line for each path", () => {
    const lines = formatVerdict(judge(planOf({ encapsulation: "VXLANCrossSubnet" }))).split("\n");
    assert.deepEqual(lines.slice(1, 15), [
      "PATH                        PING   TCP    MTU    HOW IT TRAVELS",
      "same-node                   works  works  works  inside the node",
      "same-subnet                 works  works  works  direct",
      "cross-subnet                works  works  works  vxlan.calico, UDP 4789",
      "pod-to-node (same)          works  works  works  with the node's address",
      "pod-to-node (cross)         works  works  works  with the node's address",
      "node-to-pod (same)          works  works  works  direct",
      "node-to-pod (cross)         works  works  works  vxlan.calico, UDP 4789",
      "pod-to-service (same)       works  works  works  direct",
      "pod-to-service (cross)      works  works  works  vxlan.calico, UDP 4789",
      "client-to-nodeport (same)   -      works  -      direct",
      "client-to-nodeport (cross)  -      works  -      vxlan.calico, UDP 4789",
      "client-to-nodeport (Local)  -      works  -      to the node's own pod",
      "pod-to-internet             works  works  works  with the node's address",
    ]);
  });

  it("shows Calico's message for the first node that is not ready, and the names of the others", () => {
    const verdict = judge(planOf({ encapsulation: "VXLAN", fabric: "aws", faults: ["bgp-blocked"] }));
    const text = formatVerdict(verdict);
    assert.match(
      text,
      /^cp1: calico\/node is not ready: .* BGP not established with\n {2}10\.0\.3\.11,10\.0\.4\.10,10\.0\.4\.11$/m,
    );
    assert.match(text, /^w1, w2, w3: not ready either$/m);
  });

  it("says once what one fix helps, with the name of every path that it helps", () => {
    const textOf = (...faults: string[]) =>
      unwrapped(formatVerdict(judge(planOf({ fabric: "aws", encapsulation: "IPIP", faults }))));
    const names =
      "same-subnet, cross-subnet, node-to-pod (same-subnet, cross-subnet), pod-to-service (same-subnet, cross-subnet), client-to-nodeport (same-subnet, cross-subnet)";
    const blocked = textOf("ipip-blocked");
    assert.ok(
      blocked.includes(`intended: ${names} fail, the first of them at w1's security group: `),
      blocked,
    );
    assert.equal(blocked.match(/ fix: /g)?.length, 1);
    const tooBig = textOf("mtu-too-big");
    const some =
      "same-subnet (full-MTU), cross-subnet (full-MTU), pod-to-service (same-subnet, cross-subnet) (full-MTU)";
    assert.ok(tooBig.includes(`intended: ${some} fail`), tooBig);
  });

  it("calls a failure a warning if no fault asks for it", () => {
    assert.match(
      formatVerdict(judge(planOf({ encapsulation: "None" }))),
      /^warning: cross-subnet, node-to-pod /m,
    );
    assert.match(formatVerdict(judge(broken)), /^intended: same-subnet, cross-subnet, /m);
  });

  it("describes each failing probe by itself when it is verbose, and names the traced pairs", () => {
    const short = formatVerdict(judge(broken));
    const verbose = formatVerdict(judge(broken), { verbose: true });
    assert.doesNotMatch(short, /TCP 8080/);
    assert.match(verbose, /same-subnet \(TCP\) fails at /);
    assert.match(unwrapped(verbose), /172\.16\.0\.1 > 172\.16\.0\.65 \(TCP 8080\)/);
    assert.match(verbose, /^same-subnet: traced cp1-1 > w1-1$/m);
  });

  it("fits any width, but for URLs, which are whole and on lines of their own", () => {
    fc.assert(
      fc.property(labConfigs, fc.integer({ min: 60, max: 120 }), fc.boolean(), (config, width, verbose) => {
        assertFits(formatVerdict(judge(planLab(config)), { width, verbose }), width);
      }),
      { numRuns: 50 },
    );
  });
});

describe("the observation's report", () => {
  const plan = planOf({ encapsulation: "VXLANCrossSubnet" });

  it("has one line for each path: the verdict, the pairs that worked, the device and the tunnel", () => {
    const measured = asPredicted(plan);
    const frame = "aa > bb, ethertype IPv4 (0x0800), length 148:";
    measured.captures["same-node"] = {
      route: "172.16.0.2 dev calicb85d9d4d37 src 10.0.3.10",
      packet: `${frame} 172.16.0.1 > 172.16.0.2: ICMP echo request`,
    };
    measured.captures["cross-subnet"] = {
      route: "172.16.0.129 via 172.16.0.128 dev vxlan.calico src 172.16.0.0",
      packet: `${frame} 10.0.3.10.50952 > 10.0.4.10.4789: VXLAN, flags [I] (0x08), vni 4096\ncc > dd: ICMP`,
    };
    const seen = compare(plan, measured, NOW);
    assert.deepEqual(formatObservation(seen, { width: 76 }).split("\n"), [
      "Observation: as predicted in all 290 probes, on the network twin, a model",
      "(pairs that worked, of all pairs; PING: a ping, or to a Service a datagram;",
      " MTU: the largest packet)",
      "PATH                        VERDICT  PING  TCP   MTU    DEVICE        TUNNEL",
      "same-node                   works    8/8   8/8   8/8    cali*         none",
      "same-subnet                 works    16/16 16/16 16/16  eth0          unseen",
      "cross-subnet                works    32/32 32/32 32/32  vxlan.calico  VXLAN",
      "pod-to-node (same)          works    4/4   8/8   4/4    eth0          unseen",
      "pod-to-node (cross)         works    8/8   16/16 8/8    eth0          unseen",
      "node-to-pod (same)          works    4/4   4/4   4/4    eth0          unseen",
      "node-to-pod (cross)         works    8/8   8/8   8/8    eth0          unseen",
      "pod-to-service (same)       works    2/2   2/2   2/2    eth0          unseen",
      "pod-to-service (cross)      works    4/4   4/4   4/4    eth0          unseen",
      "client-to-nodeport (same)   works    -     2/2   -      eth0          unseen",
      "client-to-nodeport (cross)  works    -     4/4   -      eth0          unseen",
      "client-to-nodeport (Local)  works    -     2/2   -      eth0          unseen",
      "pod-to-internet             works    4/4   4/4   4/4    eth0          unseen",
    ]);
    const verbose = formatObservation(seen, { verbose: true });
    assert.match(verbose, /^same-node +works .* calicb85d9d4d37 +none$/m);
    assert.match(
      verbose,
      /^cross-subnet, cp1-1 > w2-1:\n {2}ip route get: 172\.16\.0\.129 via .*\n {2}tcpdump: aa/m,
    );
    assert.match(verbose, /^ {4}cc > dd: ICMP$/m, "the packet inside the tunnel");
  });

  it("names the tunnel that a captured packet was in", () => {
    const packets = {
      VXLAN: "length 148: 10.0.3.10.5 > 10.0.4.10.4789: VXLAN, flags [I] (0x08), vni 4096",
      IPIP: "length 118: 10.0.3.10 > 10.0.4.10: 172.16.0.1 > 172.16.0.129: ICMP echo request",
      none: "length 98: 10.0.3.10 > 10.0.4.10: ICMP echo request, id 1",
      unseen: "",
    };
    for (const [tunnel, packet] of Object.entries(packets)) {
      const measured = asPredicted(plan);
      measured.captures["cross-subnet"] = { route: "x dev ens5", packet };
      const text = formatObservation(compare(plan, measured, NOW));
      assert.match(text, new RegExp(`^cross-subnet .* ens5 +${tunnel}$`, "m"));
    }
  });

  it("marks every disagreement with !!, and shows the route and the packet of that path only", () => {
    const measured = asPredicted(plan);
    measured.results["cp1-1>cp1-2:ICMP"] = { works: false, detail: "no answer" };
    const text = formatObservation(compare(plan, measured, NOW));
    assert.match(text, /^Observation: NOT as predicted, on the network twin/);
    assert.match(text, /^same-node +works +!!7\/8 +8\/8 +8\/8 /m);
    assert.match(text, /^same-node \(ICMP\): no answer$/m);
    assert.match(
      unwrapped(text),
      /!! cp1-1 > cp1-2 \(same-node, ICMP\): predicted works, observed fails: no answer/,
    );
    assert.equal(text.match(/ip route get:/g)?.length, 1);
  });

  it("names the nodes whose BGP sessions are down, and when it is verbose also the peers", () => {
    const seen = observed(planOf({ encapsulation: "VXLAN", fabric: "aws", faults: ["bgp-blocked"] }));
    assert.match(formatObservation(seen), /^BGP sessions are down on cp1, w1, w2, w3$/m);
    const verbose = formatObservation(seen, { verbose: true });
    assert.match(verbose, /^w1: BGP is not established with 10\.0\.3\.10, 10\.0\.4\.10, 10\.0\.4\.11$/m);
  });

  it("calls a path partly working if the verdict is not the same for all probes", () => {
    const tooBig = planOf({ encapsulation: "VXLAN", faults: ["mtu-too-big"] });
    const text = formatObservation(observed(tooBig));
    assert.match(text, /^same-subnet +partly +16\/16 16\/16 0\/16 /m);
    assert.match(text, /^same-subnet \(full-MTU\): no answer$/m);
  });

  it("is one sentence when nothing was measured anew, with the paths that fail", () => {
    const sentence = unwrapped(summarizeObservation(observed(broken)));
    const fails =
      "(fails: same-subnet, cross-subnet, node-to-pod (same-subnet, cross-subnet), pod-to-service (same-subnet, cross-subnet), client-to-nodeport (same-subnet, cross-subnet))";
    const since = "nothing has changed since 2026-10-01 12:34 UTC";
    assert.equal(sentence, `Observation: as predicted in all 290 probes ${fails}; ${since}.`);
  });

  it("can be made from the state of version 0.1, which does not say when it was measured", () => {
    const { at: _, ...seen } = observed(plan);
    assert.match(
      unwrapped(summarizeObservation(seen)),
      /290 probes; nothing has changed since it was made\.$/,
    );
    assert.match(formatObservation(seen), /^Observation: as predicted/);
  });

  it("fits any width, however many pairs there are", () => {
    fc.assert(
      fc.property(labConfigs, fc.integer({ min: 64, max: 120 }), fc.boolean(), (config, width, verbose) => {
        assertFits(formatObservation(observed(planLab(config)), { width, verbose }), width);
      }),
      { numRuns: 50 },
    );
  });
});

describe("the report on a change", () => {
  const change = (before: RawConfig, after: RawConfig) =>
    formatChange(judge(planOf(before)), judge(planOf(after)));

  it("shows the outcome and the way of each path that changes, before and after, and names the others", () => {
    assert.equal(
      change({ encapsulation: "VXLAN" }, { encapsulation: "None" }),
      [
        "PATH                        BEFORE                         AFTER",
        "same-subnet                 works: vxlan.calico, UDP 4789  works: direct",
        "cross-subnet                works: vxlan.calico, UDP 4789  fails: direct",
        "node-to-pod (same)          works: vxlan.calico, UDP 4789  works: direct",
        "node-to-pod (cross)         works: vxlan.calico, UDP 4789  fails: direct",
        "pod-to-service (same)       works: vxlan.calico, UDP 4789  works: direct",
        "pod-to-service (cross)      works: vxlan.calico, UDP 4789  fails: direct",
        "client-to-nodeport (same)   works: vxlan.calico, UDP 4789  works: direct",
        "client-to-nodeport (cross)  works: vxlan.calico, UDP 4789  fails: direct",
        "unchanged: same-node, pod-to-node (same-subnet, cross-subnet),",
        "  client-to-nodeport (Local), pod-to-internet",
      ].join("\n"),
    );
  });

  it("names the probes that fail if only some do", () => {
    const text = change({ encapsulation: "IPIP", faults: ["mtu-too-big"] }, { encapsulation: "None" });
    assert.match(text, /^same-subnet +full-MTU fails: tunl0, IP protocol 4 +works: direct$/m);
  });

  it("is one sentence if no path changes", () => {
    const text = change({ encapsulation: "VXLAN" }, { encapsulation: "VXLAN", natOutgoing: true });
    assert.equal(text, "No path changes: neither its outcome nor how it travels.");
  });

  it("names a path that only one of the two labs has", () => {
    const topology = [{ name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] }];
    const text = change({ encapsulation: "VXLAN", topology }, { encapsulation: "VXLAN" });
    assert.match(text, /^cross-subnet +no such path +works: vxlan\.calico, UDP 4789$/m);
  });

  it("fits 80 columns for any two labs", () => {
    fc.assert(
      fc.property(labConfigs, labConfigs, (before, after) => {
        assertFits(formatChange(judge(planLab(before)), judge(planLab(after))), 80);
      }),
      { numRuns: 50 },
    );
  });
});
