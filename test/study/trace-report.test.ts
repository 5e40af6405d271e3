/** Traces and differences as text. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { judge, type LabPlan, planLab, probesOf, rowsOf, traceOf } from "../../components/plan";
import { diffOf, formatDiff, formatTrace } from "../../components/study";
import { split } from "../../scripts/cli/commands/diff";
import { parseChange } from "../../scripts/cli/config-path";
import { endsOf, packetTo } from "../../scripts/cli/trace-ends";
import { labConfigs } from "../support/arbitraries";
import { planOf, type RawConfig } from "../support/problems";
import { runs } from "../support/runs";

/** URLs are never broken. */
function assertFits(text: string, width: number): void {
  const tooLong = text.split("\n").filter((line) => line.length > width && !/^ *https:\S+$/.test(line));
  assert.deepEqual(tooLong, []);
}

const sideOf = (name: string, plan: LabPlan) => ({ name, plan, verdict: judge(plan) });

describe("a trace as text", () => {
  it("fits any width, and names every hop", () => {
    fc.assert(
      fc.property(labConfigs, fc.integer({ min: 70, max: 120 }), fc.boolean(), (config, width, verbose) => {
        const plan = planLab(config);
        for (const { pair } of rowsOf(plan).rows) {
          const [probe = "TCP"] = probesOf(pair);
          const traced = traceOf(plan, pair, probe);
          const text = formatTrace(traced, { width, verbose });
          assertFits(text, width);
          traced.hops.forEach(({ name }, i) => {
            assert.ok(text.includes(`\n${String(i + 1).padStart(3)}  ${name}`), `${i + 1} ${name}\n${text}`);
          });
        }
      }),
      { numRuns: runs(25) },
    );
  });

  it("wraps the names of a hop and its devices where the node's name is long", () => {
    const plan = planOf({ topology: [{ name: "a", cidr: "10.0.3.0/24", nodes: ["n0123456789ab"] }] });
    const [row] = rowsOf(plan).rows;
    assert.ok(row);
    assertFits(formatTrace(traceOf(plan, row.pair, "ICMP"), { width: 70 }), 70);
  });

  it("shows a packet in a tunnel inside the outer one", () => {
    const plan = planOf({ encapsulation: "IPIP" });
    const [row] = rowsOf(plan).rows.filter(({ pair }) => pair.path === "cross-subnet");
    assert.ok(row);
    assert.match(
      formatTrace(traceOf(plan, row.pair, "ICMP"), { width: 120 }),
      /\n {5}in {3}84 B, ttl 63: (\S+ > \S+) ICMP\n {5}out {2}104 B, ttl 63: \S+ > \S+ IPIP \[\1 ICMP\]\n/,
    );
  });
});

describe("the ends and the packet of a trace", () => {
  const plan = planOf({});
  const [w1, service] = [plan.nodes.find(({ name }) => name === "w1"), plan.services[0]];
  assert.ok(w1 && service);

  it("are found by name, in any case, and by address", () => {
    for (const [text, name] of [
      ["W1-1", "w1-1"],
      [w1.address, "w1"],
      [service.address, service.name],
      [`w1:${service.nodePorts.Cluster}`, "nodeport"],
      ["Internet", "internet"],
    ] as const) {
      const { to } = endsOf(plan, "cp1-1", text);
      const found = to.kind === "pod" ? to.pod.name : to.kind === "node" ? to.node.name : to.kind;
      assert.equal(to.kind === "service" ? to.service.name : found, name);
    }
  });

  it("are refused where nothing of the kind can be sent", () => {
    const local = (port: number) => plan.nodes.map(({ name }) => `${name}:${port}`);
    const elsewhere = local(service.nodePorts.Local).find((text) => !text.startsWith(service.node)) ?? "";
    for (const [words, why] of [
      [["internet", "w1"], /internet only answers/],
      [["w1", "w1"], /w1 is both ends/],
      [["cp1-1", elsewhere], /drops every packet: externalTrafficPolicy is Local/],
      [["cp1-1", "w1:9100"], /9100 is no NodePort of this lab.*w1 --tcp 9100/],
    ] as const)
      assert.throws(() => endsOf(plan, words[0], words[1]), why);
    const { to } = endsOf(plan, "cp1-1", service.name);
    assert.throws(() => packetTo(to, { tcp: "443" }), /has no TCP port 443: it serves TCP 80 and UDP 53/);
    assert.throws(() => packetTo(to, { size: "20" }), /whole number from 28 to 65535/);
    assert.throws(() => packetTo(to, { tcp: "80", size: "100" }), /TCP chooses the length/);
  });

  it("are a ping of 84 bytes, but TCP to a Service", () => {
    assert.deepEqual(packetTo({ kind: "node", node: w1 }, {}), { protocol: "icmp", size: 84 });
    const { to } = endsOf(plan, "cp1-1", service.name);
    assert.deepEqual(packetTo(to, {}), { protocol: "tcp", port: 80, size: 60 });
    assert.deepEqual(packetTo(to, { size: "1400" }), { protocol: "udp", port: 53, size: 1400 });
  });
});

describe("the difference of two labs", () => {
  it("is nothing between a lab and itself, and is the same from both sides, in any labs", () => {
    fc.assert(
      fc.property(labConfigs, labConfigs, (one, other) => {
        const [a, b] = [sideOf("a", planLab(one)), sideOf("b", planLab(other))];
        assert.ok(diffOf(a, a).same);
        assert.equal(diffOf(a, b).facts.length, diffOf(b, a).facts.length);
        const keys = (x: typeof a, y: typeof a) =>
          diffOf(x, y).paths.map(({ path, probe }) => `${path} ${probe}`);
        assert.deepEqual(keys(a, b).sort(), keys(b, a).sort());
        assertFits(formatDiff(a, b, { width: 80 }), 80);
      }),
      { numRuns: runs(40) },
    );
  });

  it("has a path that fails in both labs, but for another reason", () => {
    const aws: RawConfig = { fabric: "aws", encapsulation: "None", podRoutes: true };
    const [a, b] = [["source-dest-check"], ["pod-cidr-blocked"]].map((faults) =>
      sideOf(faults[0] as string, planOf({ ...aws, faults } as RawConfig)),
    );
    assert.ok(a && b);
    const { paths, facts } = diffOf(a, b);
    assert.deepEqual(
      facts.map(({ what }) => what),
      ["faults"],
    );
    const row = paths.find(({ path, probe }) => path === "same-subnet" && probe === "ICMP");
    assert.deepEqual([row?.a?.outcome, row?.b?.outcome], ["fails", "fails"]);
    assert.notEqual(row?.a?.failure?.fix, row?.b?.failure?.fix);
  });

  it("takes a key's two values for the two sides, and what is given once for both then", () => {
    const sides = (...texts: string[]) =>
      split(texts.map(parseChange)).map((side) => side.map(({ path, value }) => `${path}=${value}`));
    assert.deepEqual(sides("fabric=aws"), [[], ["fabric=aws"]]);
    assert.deepEqual(sides("encapsulation=IPIP", "fabric=aws", "encapsulation=None"), [
      ["fabric=aws", "encapsulation=IPIP"],
      ["fabric=aws", "encapsulation=None"],
    ]);
    assert.throws(() => sides("a=1", "a=2", "a=3"), /more than two values for a/);
  });
});
