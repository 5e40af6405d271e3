// Where the page of lab ui offers shells.
import assert from "node:assert/strict";
import { DYNAMIC_TYPE } from "../../../../components/remote/types";
import type { Deployment } from "../../../../scripts/cli/deployment";
import { placesIn, sizeFrom } from "../../../../scripts/cli/ui/shells";
import { planOf } from "../../../support/cli-checkout";

const NOWHERE = { nodes: [], pods: [], network: [] };

/** A twin as the engine records it. */
const twin = (...more: string[]): Deployment => ({
  resources: [
    { type: `${DYNAMIC_TYPE}TwinFolder`, outputs: { folder: "/nonexistent" } },
    ...more.map((name) => ({ type: `${DYNAMIC_TYPE}${name}`, outputs: { plan: planOf() } })),
  ],
});

describe("the shells that lab ui offers", () => {
  it("are those of each node, pod, the router, the internet and the fabric of a twin that runs", () => {
    const { nodes, pods, network } = placesIn(twin("Observation"), true);
    assert.deepEqual(nodes, ["cp1", "w1", "w2", "w3"]);
    assert.deepEqual(pods.slice(0, 3), ["cp1-1", "cp1-2", "w1-1"]);
    assert.deepEqual(network, ["router", "internet", "fabric"]);
  });

  const machine = (name: string) => ({ type: `${DYNAMIC_TYPE}Reachable`, inputs: { name } });

  it("are those of the machines of a cluster", () => {
    const resources = [machine("cp1"), { type: "aws:ec2/instance:Instance" }, machine("w1")];
    assert.deepEqual(placesIn({ resources }, true), { ...NOWHERE, nodes: ["cp1", "w1"] });
  });

  it("are also that of the instance that is a site's gateway", () => {
    const resources = [machine("cp1"), machine("site-gateway")];
    assert.deepEqual(placesIn({ resources }, true).nodes, ["cp1", "site-gateway"]);
  });

  it("are those of node containers, and of what is below them", () => {
    const folder = { type: `${DYNAMIC_TYPE}ContainersFolder`, outputs: { folder: "/nonexistent" } };
    const resources = [folder, machine("cp1"), machine("w1")];
    const below = ["fabric", "router"];
    assert.deepEqual(placesIn({ resources }, true), { ...NOWHERE, nodes: ["cp1", "w1"], network: below });
  });

  it("are none where nothing runs, or no `up` has finished", () => {
    for (const deployed of [undefined, { resources: [] }, twin()])
      assert.deepEqual(placesIn(deployed, true), NOWHERE);
    assert.deepEqual(placesIn(twin("Observation"), false), NOWHERE);
  });
});

describe("the size of a terminal in the page", () => {
  it("is a size, whatever the page says", () => {
    assert.deepEqual(sizeFrom({ rows: "40", columns: 120 }), { rows: 40, columns: 120 });
    assert.deepEqual(sizeFrom({ rows: null, columns: "; reboot" }), { rows: 24, columns: 80 });
    assert.deepEqual(sizeFrom({ rows: -1, columns: 1e9 }), { rows: 2, columns: 1000 });
  });
});
