/** How a state of the twin is kept small. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { fold, unfold } from "../../../components/infrastructure/twin/fold";
import { renderNetwork } from "../../../components/infrastructure/twin/network";
import { renderNode } from "../../../components/infrastructure/twin/nodes";
import { pack, unpack } from "../../../components/infrastructure/twin/pack";
import { type LabPlan, type NodePlan, planLab } from "../../../components/plan";
import { labConfigs } from "../../support/arbitraries";
import { labOfSize } from "../../support/sizes";

const routes = (length: number) =>
  Array.from({ length }, (_, i) => `10.0.${i >> 8}.${i & 255} lladdr 02:00:0a:00:00:${i} dev w${i}`);

/** A lab with BGP at every size, as a mesh or with reflectors. */
const large = (size: number) =>
  labOfSize(size, { bgp: "routeReflectors", routeReflectors: ["w1", "w2"], podRoutes: "bgp" });

describe("a folded state", () => {
  it("has a run of lines whose numbers grow evenly as its first line, its length and its last line", () => {
    const blocks = Array.from({ length: 300 }, (_, i) => `172.16.${i >> 2}.${(i & 3) * 64}/26 via eth0`);
    assert.deepEqual(fold(["first", ...blocks, "last"]), [
      "first",
      "172.16.0.0/26 via eth0 … 300 lines … 172.16.74.192/26 via eth0",
      "last",
    ]);
    const sessions = Array.from({ length: 9 }, (_, i) => `  protocol bgp Node_10_0_3_${i + 250} from t;`);
    assert.equal(
      fold({ bird: ["{", ...sessions.slice(0, 5), "}"].join("\n") }).bird.split("\n").length,
      7,
      "a short run stays as it is",
    );
    const macs = Array.from({ length: 9 }, (_, i) => `66:00:00:00:00:0${i} dst 10.0.3.${9 - i}`);
    assert.deepEqual(fold({ a: { b: macs } }).a.b, [`${macs[0]} … 9 lines … ${macs[8]}`]);
  });

  it("is unfolded to the very state, for the nodes and the network of any lab", () => {
    const holds = (plan: LabPlan) => {
      const nodes = [plan.nodes[0], plan.nodes.at(-1)] as NodePlan[];
      for (const state of [renderNetwork(plan), ...nodes.map((node) => renderNode(plan, node))])
        assert.equal(JSON.stringify(unfold(fold(state))), JSON.stringify(state));
    };
    fc.assert(
      fc.property(labConfigs, (config) => holds(planLab(config))),
      { numRuns: 30 },
    );
    holds(large(300));
  });

  it("is unfolded to the very lines, whatever stands in them, also numbers that are written in another way", () => {
    const word = fc.oneof(
      fc.constantFrom(
        "007",
        "10.0.0.999",
        "01.2.3.4",
        "00:00:00:00:00:ff",
        "10_0_0_1",
        "99999999999999999999",
      ),
      fc.integer({ min: 0, max: 40 }).map(String),
      fc.string({ maxLength: 3 }),
    );
    const line = fc.array(word, { maxLength: 3 }).map((words) => words.join(" "));
    const run = fc
      .tuple(line, fc.nat(20))
      .map(([text, length]) => Array.from({ length }, (_, i) => `${text} 10.0.${i}.255 ${i * 3}`));
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.array(line), run)), (parts) => {
        const lines = parts.flat();
        assert.deepEqual(unfold(fold(lines)), lines);
      }),
    );
    const uneven = routes(40);
    assert.deepEqual(unfold(fold(uneven)), uneven);
  });

  it("leaves a small lab as it is, and a state that was never folded", () => {
    const plan = labOfSize(4);
    for (const node of plan.nodes) assert.deepEqual(fold(renderNode(plan, node)), renderNode(plan, node));
    const old = renderNode(large(40), large(40).nodes[3] as NodePlan);
    assert.deepEqual(unfold(old), old);
  });

  it("takes no more bytes for each node of a lab four times as large", () => {
    const [some, many] = [32, 128].map((size) => {
      const plan = large(size);
      const states = [3, 5].map((at) =>
        fold(renderNode(plan, plan.nodes[Math.floor(size / at)] as NodePlan)),
      );
      return JSON.stringify(states).length / 2 + JSON.stringify(fold(renderNetwork(plan))).length / size;
    });
    assert.ok(many !== undefined && some !== undefined && many < 1.1 * some, `${some}, ${many}`);
  });
});

describe("a packed state", () => {
  it("is the same when it is unpacked, and takes half the bytes; one that is not packed stays as it is", () => {
    const plan = labOfSize(16);
    const state = fold(renderNode(plan, plan.nodes[3] as NodePlan));
    assert.deepEqual(unpack(pack(state)), state);
    assert.ok(pack(state).length < JSON.stringify(state).length / 2);
    assert.equal(unpack(state), state);
  });
});
