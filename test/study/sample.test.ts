import assert from "node:assert/strict";
import { type LabPlan, nameOf, type Pair, pairsOf, rowKey, rowsOf } from "../../components/plan";
import { formatObservation } from "../../components/study";
import { compare } from "../../components/study/observation";
import { ALL_PAIRS_UP_TO, sampleOf } from "../../components/study/sample";
import { asPredicted } from "../support/measured";
import { planOf } from "../support/problems";
import { labOfSize } from "../support/sizes";

const NOW = new Date("2026-10-01T12:34:56Z");
/** A lab with a fault on one node, whose rows are of few pairs. */
const changedPlan = (size: number): LabPlan =>
  planOf({
    encapsulation: "None",
    podRoutes: "bgp",
    bgp: "routeReflectors",
    routeReflectors: ["n1", "n2"],
    topology: [0, 1].map((subnet) => ({
      name: `s${subnet}`,
      cidr: `10.0.${4 + subnet}.0/24`,
      nodes: Array.from({ length: size / 2 }, (_, i) => `n${(subnet * size) / 2 + i}`),
    })),
    faults: [{ fault: "reflector-down", nodes: ["n1"] }],
  });
const nodeOf = ({ to }: Pair): string => (to.kind === "internet" ? "internet" : to.node.name);
const between = (pair: Pair): string => `${rowKey(pair)} ${pair.port}: ${pair.from.node} > ${nodeOf(pair)}`;

describe("the sample of a large lab", () => {
  const large: LabPlan = labOfSize(ALL_PAIRS_UP_TO + 8);

  it("has every pair up to 16 nodes, and in a larger lab if all are asked for", () => {
    for (const [plan, all] of [
      [labOfSize(ALL_PAIRS_UP_TO), false],
      [large, true],
    ] as const)
      assert.deepEqual(sampleOf(plan, all), { pairs: pairsOf(plan), of: pairsOf(plan).length });
  });

  it("has each ordered pair of nodes once on each path between them, and all pairs inside a node, to Services and to the internet", () => {
    const { pairs, of } = sampleOf(large);
    assert.equal(of, pairsOf(large).length);
    const expected = new Set(pairsOf(large).map(between));
    const ends = ["pod", "node"];
    const crossing = pairs.filter((pair) => ends.includes(pair.to.kind) && pair.from.node !== nodeOf(pair));
    assert.deepEqual(new Set(pairs.map(between)), expected);
    assert.equal(new Set(crossing.map(between)).size, crossing.length);
    const rest = (all: Pair[]) =>
      all.filter((pair) => !ends.includes(pair.to.kind) || pair.from.node === nodeOf(pair)).length;
    assert.equal(rest(pairs), rest(pairsOf(large)));
  });

  it("has every pod as a source and as a destination on each path between nodes, with every pod of the other node in turn", () => {
    for (const path of ["same-subnet", "cross-subnet"]) {
      const pairs = sampleOf(large).pairs.filter((pair) => pair.path === path);
      const pods = large.nodes.flatMap((node) => node.pods.map(({ name }) => name)).sort();
      assert.deepEqual([...new Set(pairs.map(({ from }) => from.name))].sort(), pods);
      assert.deepEqual([...new Set(pairs.map(({ to }) => nameOf(to)))].sort(), pods);
      const turns = pairs.map(({ from, to }) => `${from.name.at(-1)}>${nameOf(to).at(-1)}`);
      assert.deepEqual([...new Set(turns)].sort(), ["1>1", "1>2", "2>1", "2>2"]);
    }
  });

  it("grows with the nodes, not with their square, and has every row of the verdict with each node as both ends", () => {
    const [some, many] = [48, 96].map((size) => {
      const plan = changedPlan(size);
      const { pairs, of } = sampleOf(plan);
      assert.equal(of, pairsOf(plan).length);
      const { rows, rowOf } = rowsOf(plan);
      assert.equal(new Set(pairs.map((pair) => rowOf(pair).key)).size, rows.length);
      const between = pairs.filter(({ path }) => path === "same-subnet" || path === "cross-subnet");
      const names = plan.nodes.map(({ name }) => name).sort();
      assert.deepEqual([...new Set(between.map(({ from }) => from.node))].sort(), names);
      assert.deepEqual([...new Set(between.map(nodeOf))].sort(), names);
      return pairs.length / size;
    });
    assert.ok(many !== undefined && some !== undefined && many < 1.3 * some, `${some}, ${many}`);
  });

  it("is the same for the same plan", () => {
    assert.deepEqual(sampleOf(large), sampleOf(structuredClone(large)));
  });

  it("is named in the observation and its report, with the option that measures all", () => {
    const seen = compare(large, asPredicted(large), NOW);
    const { pairs, of } = sampleOf(large);
    assert.deepEqual(seen.sample, { pairs: pairs.length, of });
    assert.ok(seen.agrees);
    const text = formatObservation(seen).replace(/\s+/g, " ");
    assert.ok(
      text.includes(`A sample: ${pairs.length} of ${of} pairs`) && text.includes("lab observe --all"),
      text,
    );
    const small = labOfSize(4);
    assert.equal(compare(small, asPredicted(small), NOW).sample, undefined);
  });
});
