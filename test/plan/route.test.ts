import assert from "node:assert/strict";
import * as fc from "fast-check";
import { faultOf } from "../../components/config";
import {
  carrierBetween,
  contains,
  fabricFacts,
  parseCidr,
  planLab,
  routesOf,
  TUNNELS,
  toNumber,
} from "../../components/plan";
import { labConfigs } from "../support/arbitraries";
import { planOf } from "../support/problems";

describe("the routes of a node", () => {
  it("lead to every other node's block, through the device that carries its packets", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        const closing = ["bgp-blocked", "host-firewall-reject", "node-ip-wrong-interface"];
        const plan = planLab({
          ...config,
          faults: config.faults.filter((one) => !closing.includes(faultOf(one))),
        });
        for (const node of plan.nodes) {
          const peers = plan.nodes.filter(({ name }) => name !== node.name);
          const routes = routesOf(plan, node);
          assert.deepEqual(
            routes.map(({ block }) => block),
            peers.map(({ block }) => block),
          );
          for (const [i, peer] of peers.entries()) {
            const carrier = carrierBetween(plan, node, peer);
            const device = carrier === "direct" ? fabricFacts(plan).nic : TUNNELS[carrier].device;
            assert.equal(routes[i]?.device, device);
          }
        }
      }),
    );
  });

  it("have a next hop in the node's own subnet, unless they are onlink", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        const plan = planLab(config);
        for (const node of plan.nodes) {
          const wire = parseCidr(plan.subnets.find(({ name }) => name === node.subnet)?.cidr ?? "");
          for (const { via, onlink } of routesOf(plan, node)) {
            assert.ok(onlink || contains(wire, toNumber(via)), `${node.name} via ${via}`);
          }
        }
      }),
    );
  });

  it("do not exist where BIRD programs them and TCP 179 is closed, but all exist where Felix does", () => {
    const count = (encapsulation: string) => {
      const plan = planOf({ cloud: "aws", encapsulation, bgp: "Enabled", faults: ["bgp-blocked"] });
      return plan.nodes.flatMap((node) => routesOf(plan, node)).length;
    };
    assert.deepEqual(
      ["IPIP", "IPIPCrossSubnet", "None", "VXLAN", "VXLANCrossSubnet"].map(count),
      [0, 0, 0, 12, 12],
    );
  });
});
