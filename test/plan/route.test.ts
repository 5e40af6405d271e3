import assert from "node:assert/strict";
import * as fc from "fast-check";
import { faultOf } from "../../components/config";
import {
  addressesOf,
  blockWith,
  carrierBetween,
  contains,
  encapsulationAt,
  FAULT_FACTS,
  fabricFacts,
  parseCidr,
  planLab,
  routesOf,
  TUNNELS,
  toNumber,
} from "../../components/plan";
import { sourceTo } from "../../components/plan/route";
import { labConfigs } from "../support/arbitraries";
import { planOf, type RawConfig } from "../support/problems";

describe("the routes of a node", () => {
  it("lead to every other node's block, through the device that carries its packets", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        const closing = ["bgp-blocked", "host-firewall-reject", "node-ip-wrong-interface"];
        const plan = planLab({
          ...config,
          faults: config.faults.filter(
            (one) => !closing.includes(faultOf(one)) && FAULT_FACTS[faultOf(one)].of !== "link",
          ),
        });
        for (const node of plan.nodes) {
          const peers = plan.nodes.filter(({ name }) => name !== node.name);
          // With several pools, Felix needs an end of the tunnel on either side.
          const ways = peers.flatMap((peer) =>
            addressesOf(peer)
              .map((address) => ({ address, peer, carrier: carrierBetween(plan, node, peer, address) }))
              .filter(
                ({ address, carrier }) =>
                  !plan.ipPools ||
                  !encapsulationAt(plan, address).startsWith("VXLAN") ||
                  (node.tunnels?.vxlan && (carrier === "direct" || peer.tunnels?.vxlan)),
              ),
          );
          assert.deepEqual(
            routesOf(plan, node).map(({ block, device }) => [block, device]),
            ways.map(({ address, peer, carrier }) => [
              blockWith(peer, address),
              carrier === "direct" ? fabricFacts(plan).nic : TUNNELS[carrier].device,
            ]),
          );
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

describe("the routes of cp1, written out", () => {
  // As `ip route` shows them: Calico's documentation, "Overlay networking", and field notes of labs (calico#4254).
  const BLOCKS = ["172.16.0.64/26", "172.16.0.128/26", "172.16.0.192/26"];
  const TABLE: [raw: RawConfig, device: string, onlink: boolean, vias: string[]][] = [
    [{ encapsulation: "None" }, "eth0", false, ["10.0.3.11", "10.0.3.1", "10.0.3.1"]],
    [{ encapsulation: "IPIP" }, "tunl0", true, ["10.0.3.11", "10.0.4.10", "10.0.4.11"]],
    [{ encapsulation: "VXLAN" }, "vxlan.calico", true, ["172.16.0.64", "172.16.0.128", "172.16.0.192"]],
    // A /32 has no neighbour: every packet goes to the gateway, which must be said to be one.
    [{ encapsulation: "None", fabric: "gcp" }, "ens4", true, ["10.0.3.1", "10.0.3.1", "10.0.3.1"]],
    [{ encapsulation: "None", fabric: "l3" }, "eth0", false, ["10.0.3.11", "10.0.3.1", "10.0.3.1"]],
  ];
  for (const [raw, device, onlink, vias] of TABLE)
    it(`go through ${device} to the documented next hop: ${JSON.stringify(raw)}`, () => {
      const plan = planOf(raw);
      const expected = vias.map((via, i) => ({ block: BLOCKS[i], via, device, onlink }));
      assert.deepEqual(routesOf(plan, plan.controlPlane), expected);
    });

  it("lead to the blocks of the tunnels' own pool as well", () => {
    const plan = planOf({
      encapsulation: "VXLAN",
      ipPools: [
        { name: "pods", cidr: "172.16.0.0/17", allowedUses: ["Workload"] },
        { name: "tunnels", cidr: "172.16.128.0/24", allowedUses: ["Tunnel"] },
      ],
    });
    assert.deepEqual(
      routesOf(plan, plan.controlPlane).map(({ block, via, device }) => `${block} via ${via} dev ${device}`),
      ["64", "128", "192"].flatMap((at) => [
        `172.16.0.${at}/26 via 172.16.128.${at} dev vxlan.calico`,
        `172.16.128.${at}/26 via 172.16.128.${at} dev vxlan.calico`,
      ]),
    );
  });

  it("decide the source address of cp1's own packets: its tunnel's in a tunnel, else its own", () => {
    const sources = (raw: RawConfig) => {
      const plan = planOf(raw);
      return plan.nodes.map((peer) => sourceTo(plan, plan.controlPlane, peer));
    };
    const [own, tunnel] = ["10.0.3.10", "172.16.0.0"];
    assert.deepEqual(sources({ encapsulation: "None" }), [own, own, own, own]);
    for (const encapsulation of ["IPIP", "VXLAN"])
      assert.deepEqual(sources({ encapsulation }), [own, tunnel, tunnel, tunnel]);
    assert.deepEqual(sources({ encapsulation: "IPIPCrossSubnet" }), [own, own, tunnel, tunnel]);
    assert.deepEqual(sources({ encapsulation: "IPIP", faults: ["bgp-blocked"] }), [own, own, own, own]);
  });
});
