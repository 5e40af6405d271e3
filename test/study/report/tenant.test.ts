/** A tenant network in a report: drawn, and redacted. */
import assert from "node:assert/strict";
import { formatMarkdown, redact } from "../../../components/study/report";
import { topologyChart } from "../../../components/study/report/mermaid";
import { layoutOf } from "../../../scripts/report/page/layout";
import { inWords } from "../../../scripts/report/page/words";
import { planOf } from "../../support/problems";
import { reportOf } from "../../support/report";

const LAB = {
  topology: [{ name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "zebra"] }],
  tenants: {
    cidr: "20.77.1.0/24",
    instances: [{ name: "okapi", host: "zebra", address: "20.77.1.98" }],
    ports: ["cp1"],
  },
};

describe("a tenant network in a report", () => {
  it("is a flowchart's own shape, to which ports and instances are linked", () => {
    const chart = topologyChart(planOf(LAB))
      .split("\n")
      .map((line) => line.trim());
    assert.ok(chart.includes('tenant(["tenant network 20.77.1.0/24"])'));
    assert.ok(chart.includes('n0 ---|"port 20.77.1.11"| tenant'));
    assert.ok(chart.includes('n1 ---|"okapi"| tenant'));
    assert.ok(chart.some((line) => line.startsWith("n1[") && line.includes("okapi 20.77.1.98")));
  });

  it("is drawn in each node's card: br-int, and the instances inside their host's card alone", () => {
    const { nodes } = layoutOf(planOf(LAB), 800);
    assert.deepEqual(
      nodes.map(({ node, bridge, instances }) => [node.name, bridge !== undefined, instances.length]),
      [
        ["cp1", true, 0],
        ["zebra", true, 1],
      ],
    );
    for (const card of nodes)
      for (const box of [...(card.bridge ? [card.bridge] : []), ...card.instances, ...card.pods]) {
        assert.ok(box.y >= card.y && box.y + box.height <= card.y + card.height);
        assert.ok(box.x >= card.x && box.x + box.width <= card.x + card.width);
      }
  });

  it("changes no card of a lab without one", () => {
    const { tenants: _, ...without } = LAB;
    assert.deepEqual(
      layoutOf(planOf(without), 800).nodes.map(({ height, bridge }) => [height, bridge]),
      [
        [118, undefined],
        [118, undefined],
      ],
    );
  });

  it("is described to those who hear the page", () => {
    assert.match(
      inWords(planOf(LAB)),
      / Tenant network 20\.77\.1\.0\/24 with okapi 20\.77\.1\.98 on zebra; cp1 \(20\.77\.1\.11\) has a port in it\.$/,
    );
  });

  it("has no name and no address of its own when it is redacted", () => {
    const whole = reportOf(LAB);
    const told = (text: string) => [...new Set(text.match(/okapi|zebra|20\.77\./g))];
    assert.equal(told(JSON.stringify(whole)).length, 3);
    const shown = redact(whole);
    assert.deepEqual(told(JSON.stringify(shown)), []);
    assert.deepEqual(told(formatMarkdown(shown)), []);
    assert.equal(shown.plan.tenant?.instances[0]?.name, "vm1");
    const devices = [...(whole.plan.tenant?.ports ?? []), ...(whole.plan.tenant?.instances ?? [])];
    for (const { device } of devices) assert.ok(!JSON.stringify(shown).includes(device));
  });
});
