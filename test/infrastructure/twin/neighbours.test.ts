import assert from "node:assert/strict";
import { changeNode } from "../../../components/infrastructure/twin/change-node";
import { entriesOf, RESOLVED_ENTRIES } from "../../../components/infrastructure/twin/neighbours";
import { renderNetwork } from "../../../components/infrastructure/twin/network";
import { renderNode } from "../../../components/infrastructure/twin/nodes";
import type { NodePlan } from "../../../components/plan";
import { labOfSize } from "../../support/sizes";

const first = (size: number, encapsulation = "VXLAN") => {
  const plan = labOfSize(size, { encapsulation });
  return renderNode(plan, plan.nodes[0] as NodePlan);
};

describe("the neighbour entries of a twin", () => {
  it("are resolved by ARP in a small lab, as on real machines", () => {
    assert.ok(entriesOf(labOfSize(4)) <= RESOLVED_ENTRIES);
    assert.equal(renderNetwork(labOfSize(4)).neighbours, undefined);
    const { pods, neighbours } = first(4);
    assert.ok(pods.every(({ mac }) => mac === undefined));
    assert.ok(neighbours.every((entry) => entry.includes("vxlan.calico")));
  });

  it("are all permanent in a large lab, because the kernel counts the others together with the host's", () => {
    const plan = labOfSize(64);
    assert.ok(entriesOf(plan) > 1024);
    const { neighbours } = first(64);
    const onNic = neighbours.filter((entry) => entry.includes("dev eth0"));
    // The other nodes of its subnet, and the gateway.
    assert.equal(onNic.length, 32);
    assert.equal(neighbours.filter((entry) => entry.includes("dev cali")).length, 2);
    assert.ok(neighbours.every((entry) => entry.endsWith("nud permanent")));
    assert.equal(renderNetwork(plan).neighbours?.filter((line) => line.startsWith("neigh")).length, 64);
    assert.equal(first(64, "IPIP").neighbours.filter((entry) => entry.includes("dev tunl0")).length, 63);
  });

  it("name the MAC that the other end has", () => {
    const plan = labOfSize(64);
    const [one, other] = plan.nodes.map((node) => renderNode(plan, node));
    const mac = other?.build.match(/link add eth0 address (\S+)/)?.[1];
    assert.ok(one?.neighbours.includes(`10.0.3.11 lladdr ${mac} dev eth0 nud permanent`), mac);
    const gateway = renderNetwork(plan).neighbours?.[0]?.match(/^link set eth0 address (\S+)$/)?.[1];
    assert.ok(one?.neighbours.includes(`10.0.3.1 lladdr ${gateway} dev eth0 nud permanent`), gateway);
    const [pod] = one?.pods ?? [];
    assert.ok(one?.neighbours.some((entry) => entry.includes(`lladdr ${pod?.mac} dev ${pod?.interface}`)));
  });

  it("are written in place when a lab grows", () => {
    const [small, large] = [first(4), first(64)];
    assert.equal(small.build, large.build);
    const script = changeNode(small, large);
    assert.match(
      script,
      /ip -n cp1-1 -batch - <<'END'\nlink set eth0 address 02:00:ac:10:00:01\nneigh replace 169\.254\.1\.1 /,
    );
    assert.doesNotMatch(changeNode(large, large), /neigh/);
  });
});
