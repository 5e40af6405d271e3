import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  contains,
  type LabPlan,
  overlap,
  PODS_PER_NODE,
  parseCidr,
  planLab,
  RESERVED_ADDRESSES,
  sizeOf,
  toNumber,
} from "../../components/plan";
import { labConfigs } from "../support/arbitraries";
import { planOf } from "../support/problems";
import { runs } from "../support/runs";

const onAnyLab = (claim: (plan: LabPlan) => void) =>
  fc.assert(
    fc.property(labConfigs, (config) => claim(planLab(config))),
    { numRuns: runs(200) },
  );
const assertUnique = (values: readonly string[]) => assert.equal(new Set(values).size, values.length);
const subnetOf = (plan: LabPlan, name: string) =>
  parseCidr(plan.subnets.find((subnet) => subnet.name === name)?.cidr ?? "");

describe("the nodes of a plan", () => {
  it("have addresses inside their subnet, outside those that clouds reserve", () => {
    onAnyLab((plan) => {
      for (const node of plan.nodes) {
        const cidr = subnetOf(plan, node.subnet);
        const offset = toNumber(node.address) - cidr.first;
        assert.ok(
          offset >= RESERVED_ADDRESSES && offset < sizeOf(cidr) - 1,
          `${node.address} in ${node.subnet}`,
        );
      }
    });
  });

  it("have unique addresses, names and tunnel addresses", () => {
    onAnyLab(({ nodes, subnets }) => {
      assertUnique([...nodes.map(({ address }) => address), ...subnets.map(({ gateway }) => gateway)]);
      assertUnique(nodes.flatMap(({ name, pods }) => [name, ...pods.map((pod) => pod.name)]));
      assertUnique(
        nodes.flatMap(({ tunnelAddress, pods }) => [tunnelAddress, ...pods.map((pod) => pod.address)]),
      );
    });
  });

  it("keep the addresses that the config gives them", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        const { nodes } = planLab(config);
        const given = config.topology.flatMap((subnet) => subnet.nodes).filter(({ address }) => address);
        for (const { name, address } of given) {
          assert.equal(nodes.find((node) => node.name === name)?.address, address);
        }
      }),
    );
  });

  it("are in the order of the config, numbered from 0", () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        const { nodes } = planLab(config);
        const names = config.topology.flatMap((subnet) => subnet.nodes.map(({ name }) => name));
        assert.deepEqual(
          nodes.map(({ name }) => name),
          names,
        );
        assert.deepEqual(
          nodes.map(({ index }) => index),
          names.map((_, i) => i),
        );
      }),
    );
  });

  it("have exactly one control plane: the one that the config names, else the first node", () => {
    onAnyLab(({ nodes }) => assert.equal(nodes.filter(({ role }) => role === "control-plane").length, 1));
    const topology = [{ name: "a", cidr: "10.0.3.0/24", nodes: ["x", { name: "y", role: "control-plane" }] }];
    assert.deepEqual(
      planOf({ topology }).nodes.map(({ role }) => role),
      ["worker", "control-plane"],
    );
    assert.equal(planOf({}).nodes[0]?.role, "control-plane");
  });

  it("start at .10 in a large subnet and can use every address of a small one", () => {
    assert.deepEqual(
      planOf({}).nodes.map(({ address }) => address),
      ["10.0.3.10", "10.0.3.11", "10.0.4.10", "10.0.4.11"],
    );
    for (const [cidr, room] of [
      ["10.0.3.0/28", 11],
      ["10.0.3.0/26", 59],
    ] as const) {
      const names = Array.from({ length: room - 1 }, (_, i) => `n${i}`);
      const fixed = { name: "fixed", address: "10.0.3.7" };
      const { nodes } = planOf({ topology: [{ name: "a", cidr, nodes: [fixed, ...names] }] });
      assert.deepEqual(
        nodes.map(({ address }) => toNumber(address) % 256).sort((x, y) => x - y),
        Array.from({ length: room }, (_, i) => 4 + i),
      );
    }
  });

  it("are recorded with the prefix of their subnet, and as /32 under the fault node-as-32", () => {
    assert.equal(planOf({}).nodes[0]?.recordedAddress, "10.0.3.10/24");
    assert.equal(planOf({ faults: ["node-as-32"] }).nodes[0]?.recordedAddress, "10.0.3.10/32");
  });
});

describe("the pods of a plan", () => {
  it("are in blocks that are inside their pool and do not overlap", () => {
    onAnyLab(({ nodes, ipPool, ipPools }) => {
      const blocks = nodes.map(({ block }) => parseCidr(block));
      for (const [i, block] of blocks.entries()) {
        const { cidr, blockSize } = ipPools?.find(({ name }) => name === nodes[i]?.pool) ?? ipPool;
        const pool = parseCidr(cidr);
        assert.equal(block.prefix, blockSize);
        assert.ok(contains(pool, block.first) && contains(pool, block.first + sizeOf(block) - 1));
        assert.ok(blocks.slice(0, i).every((other) => !overlap(block, other)));
      }
    });
  });

  it("have addresses inside their node's block, as has its tunnel device", () => {
    onAnyLab(({ nodes }) => {
      for (const { name, block, pods, tunnelAddress } of nodes) {
        assert.equal(pods.length, PODS_PER_NODE);
        const addresses = [tunnelAddress, ...pods.map(({ address }) => address)];
        assert.ok(
          addresses.every((address) => contains(parseCidr(block), toNumber(address))),
          name,
        );
        assert.ok(pods.every(({ node }) => node === name));
      }
    });
  });

  it("have unique interface names that Linux accepts", () => {
    onAnyLab(({ nodes }) => {
      const interfaces = nodes.flatMap(({ pods }) => pods.map((pod) => pod.interface));
      assert.ok(interfaces.every((name) => /^cali[0-9a-f]{11}$/.test(name) && name.length <= 15));
      assertUnique(interfaces);
    });
  });

  it("keep their interface names when the mode changes, so that a switch replaces no pod", () => {
    const namesIn = (encapsulation: string) =>
      planOf({ encapsulation }).nodes.flatMap(({ pods }) => pods.map((pod) => [pod.interface, pod.address]));
    assert.deepEqual(namesIn("IPIP"), namesIn("VXLAN"));
  });
});
