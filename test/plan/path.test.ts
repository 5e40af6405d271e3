import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  addressOf,
  examplesOf,
  nameOf,
  PODS_PER_NODE,
  pairsOf,
  planLab,
  probeOf,
  rowKey,
} from "../../components/plan";
import { labConfigs } from "../support/arbitraries";
import { planOf } from "../support/problems";

describe("the pairs of a lab", () => {
  it("are every ordered pair of pods, and one pod of each node to every other node and to the internet", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        const plan = planLab(config);
        const nodes = plan.nodes.length;
        const pods = nodes * PODS_PER_NODE;
        const pairs = pairsOf(plan);
        assert.equal(pairs.length, pods * (pods - 1) + nodes * (nodes - 1) + nodes);
        const names = pairs.map((pair) => `${pair.from.name} > ${nameOf(pair.to)}`);
        assert.equal(new Set(names).size, names.length);
        assert.ok(pairs.every(({ from, to }) => from.address !== addressOf(to)));
      }),
    );
  });

  it("take a path that depends on the subnets of their nodes", () => {
    const row = (from: string, to: string) =>
      pairsOf(planOf({})).flatMap((pair) =>
        pair.from.name === from && nameOf(pair.to) === to ? [rowKey(pair)] : [],
      );
    assert.deepEqual(row("cp1-1", "cp1-2"), ["same-node"]);
    assert.deepEqual(row("cp1-1", "w1-2"), ["same-subnet"]);
    assert.deepEqual(row("cp1-1", "w3-1"), ["cross-subnet"]);
    assert.deepEqual(row("cp1-1", "w1"), ["pod-to-node (same-subnet)"]);
    assert.deepEqual(row("cp1-1", "w2"), ["pod-to-node (cross-subnet)"]);
    assert.deepEqual(row("cp1-1", "internet"), ["pod-to-internet"]);
  });

  it("have one example for each row, and every example is one of the pairs", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        const plan = planLab(config);
        const pairs = pairsOf(plan).map((pair) => JSON.stringify(pair));
        const examples = examplesOf(plan);
        assert.equal(new Set(examples.map(rowKey)).size, examples.length);
        for (const example of examples) assert.ok(pairs.includes(JSON.stringify(example)), rowKey(example));
      }),
    );
  });
});

describe("a probe", () => {
  it("of the full MTU has the size of the pod's MTU, but never more than the internet carries", () => {
    const plan = planOf({ cloud: "aws" });
    const sizes = examplesOf(plan).map((pair) => [rowKey(pair), probeOf(plan, pair, "full-MTU").size]);
    assert.deepEqual(Object.fromEntries(sizes), {
      "same-node": 8951,
      "same-subnet": 8951,
      "cross-subnet": 8951,
      "pod-to-node (same-subnet)": 8951,
      "pod-to-node (cross-subnet)": 8951,
      "pod-to-internet": 1500,
    });
  });

  it("with ICMP is a ping of 84 bytes, and with TCP goes to an open port", () => {
    const plan = planOf({});
    for (const pair of examplesOf(plan)) {
      assert.equal(probeOf(plan, pair, "ICMP").size, 84);
      const { port } = probeOf(plan, pair, "TCP");
      assert.equal(port, { pod: 8080, node: 10250, internet: 80 }[pair.to.kind]);
    }
  });
});
