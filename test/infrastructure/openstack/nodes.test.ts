/** The resources of a stack on OpenStack: machines, how they are reached, addresses, routes, MTU. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { parseConfig } from "../../../components/config";
import { allocationPools, mtuProblem } from "../../../components/infrastructure/openstack/network";
import { parseCidr, planLab, toNumber } from "../../../components/plan";
import { labConfigs } from "../../support/arbitraries";
import { named, ofType, resolved } from "../../support/mocks";
import {
  buildOpenStack,
  FLOATING_IP,
  FOUND,
  INSTANCE,
  NETWORK,
  PORT,
  ROUTE,
  SUBNET,
} from "../../support/openstack";

describe("a lab on OpenStack", () => {
  it("has its machines at the plan's addresses, each on a port of its own", async () => {
    const { resources } = await buildOpenStack({});
    const ports = ofType(resources, PORT).map(({ name, props }) => [name, props.networkId, props.fixedIps]);
    assert.deepEqual(ports, [
      ["cp1", "a-id", [{ subnetId: "a-id", ipAddress: "10.0.3.10" }]],
      ["w1", "a-id", [{ subnetId: "a-id", ipAddress: "10.0.3.11" }]],
      ["w2", "b-id", [{ subnetId: "b-id", ipAddress: "10.0.4.10" }]],
      ["w3", "b-id", [{ subnetId: "b-id", ipAddress: "10.0.4.11" }]],
    ]);
    const { props } = named(resources, INSTANCE, "w3");
    assert.equal(props.imageId, "image-id");
    assert.equal(props.flavorId, "flavor-id");
    assert.equal(props.securityGroups, undefined, "the group belongs to the port");
    assert.equal(props.configDrive, true);
  });

  it("boots from a volume when the flavor has no disk", async () => {
    const found = { ...FOUND, flavor: { ...FOUND.flavor, disk: 0 } };
    const { resources } = await buildOpenStack({}, { found });
    const { imageId, blockDevices } = named(resources, INSTANCE, "cp1").props;
    assert.equal(imageId, undefined);
    assert.deepEqual(blockDevices, [
      {
        uuid: "image-id",
        sourceType: "image",
        destinationType: "volume",
        bootIndex: 0,
        volumeSize: 20,
        deleteOnTermination: true,
      },
    ]);
  });

  it("has one floating IP, on the control plane, over which the other nodes are reached", async () => {
    const { resources, result } = await buildOpenStack({});
    assert.deepEqual(
      ofType(resources, FLOATING_IP).map(({ name, props }) => [name, props.pool]),
      [["cp1", "public"]],
    );
    const [controlPlane, ...others] = result.nodes;
    assert.equal(await resolved(controlPlane?.connection.host), "198.51.100.7");
    assert.equal(controlPlane?.connection.jump, undefined);
    for (const node of others) {
      assert.equal(node.publicAddress, undefined);
      assert.equal(await resolved(node.connection.host), node.address);
      assert.equal(node.connection.jump, controlPlane?.connection);
    }
  });

  it("has plain tags after those of the stack, and outputs the expiry", async () => {
    const { resources, result } = await buildOpenStack({ openstack: { owner: "grace", ttl: "8h" } });
    assert.deepEqual(named(resources, INSTANCE, "cp1").props.tags.slice(2), [
      "lab=0123456789ab",
      "owner=grace",
      "expiry=2026-01-01T08:00:00Z",
    ]);
    assert.equal(await resolved(result.expiry ?? ""), "2026-01-01T08:00:00Z");
  });

  it("routes each block to its node, only with podRoutes, and keeps the route of a renamed node", async () => {
    const routes = async (raw: Record<string, unknown>) =>
      ofType((await buildOpenStack(raw)).resources, ROUTE).map(({ name, props }) => [
        name,
        props.destinationCidr,
        props.nextHop,
      ]);
    const topology = (name: string) => [{ name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", name] }];
    assert.deepEqual(await routes({}), []);
    assert.deepEqual(await routes({ podRoutes: true, topology: topology("w1") }), [
      ["pods-172.16.0.0-26-via-10.0.3.10", "172.16.0.0/26", "10.0.3.10"],
      ["pods-172.16.0.64-26-via-10.0.3.11", "172.16.0.64/26", "10.0.3.11"],
    ]);
    assert.deepEqual(
      await routes({ podRoutes: true, topology: topology("w1") }),
      await routes({ podRoutes: true, topology: topology("other") }),
    );
  });

  it("asks Neutron for an MTU only when the config names one", async () => {
    const mtu = async (raw: Record<string, unknown>) =>
      named((await buildOpenStack(raw)).resources, NETWORK, "a").props.mtu;
    assert.equal(await mtu({}), undefined);
    assert.equal(await mtu({ mtu: 1442 }), 1442);
  });

  it("ends the run when Neutron's MTU is smaller than the plan's, and names the stack in the way out", () => {
    const smaller = mtuProblem("a", 1450, 1442, "os-lab");
    assert.equal(smaller?.fatal, true);
    assert.match(
      smaller?.message ?? "",
      /^network a has an MTU of 1442 .*pulumi -s os-lab config set encaplab:mtu 1442,/,
    );
    const larger = mtuProblem("a", 1450, 1500, "os-lab");
    assert.equal(larger?.fatal, false);
    for (const given of [1450, 0, undefined]) assert.equal(mtuProblem("a", 1450, given, "x"), undefined);
  });

  it("fails as a program when a network's MTU is smaller: no port is made with a wrong one", async () => {
    const failure = new Promise<Error>((failed) => {
      const others = process.listeners("unhandledRejection");
      process.removeAllListeners("unhandledRejection");
      process.once("unhandledRejection", (error) => {
        for (const listener of others) process.on("unhandledRejection", listener);
        failed(error as Error);
      });
    });
    // The mocks give every network 1450 bytes, unless the plan has set them.
    void buildOpenStack({ mtu: 1450 }, { mtu: 1442 });
    assert.match((await failure).message, /MTU of 1442 bytes, and the plan assumes 1450/);
  });
});

describe("the addresses for Neutron's own ports", () => {
  const poolsOf = (cidr: string, nodes: unknown[]) => {
    const config = parseConfig({
      cloud: "openstack",
      serviceCidr: "10.96.0.0/16",
      topology: [{ name: "a", cidr, nodes }],
    });
    return allocationPools(planLab(config), "a", cidr).map(({ start, end }) => `${start}-${end}`);
  };

  it("are below the nodes, and skip nodes that the config has placed there", () => {
    assert.deepEqual(poolsOf("10.0.3.0/24", ["cp1", "w1"]), ["10.0.3.2-10.0.3.9"]);
    assert.deepEqual(poolsOf("10.0.3.0/28", ["cp1", "w1"]), ["10.0.3.2-10.0.3.3"]);
    assert.deepEqual(poolsOf("10.100.200.0/24", [{ name: "cp1", address: "10.100.200.4" }, "w1"]), [
      "10.100.200.2-10.100.200.3",
      "10.100.200.5-10.100.200.9",
    ]);
  });

  it("are in the subnet, do not overlap, and never contain the gateway or a node", async () => {
    fc.assert(
      fc.property(labConfigs, (config) => {
        const plan = planLab(config);
        for (const { name, cidr, gateway } of plan.subnets) {
          const { first, prefix } = parseCidr(cidr);
          const taken = [gateway, ...plan.nodes.map(({ address }) => address)].map(toNumber);
          const pools = allocationPools(plan, name, cidr).map((pool) => [
            toNumber(pool.start),
            toNumber(pool.end),
          ]) as [number, number][];
          assert.ok(pools.length > 0);
          pools.forEach(([start, end], i) => {
            assert.ok(start > first && start <= end && end < first + 2 ** (32 - prefix) - 1);
            assert.ok(i === 0 || start > (pools[i - 1] as [number, number])[1]);
            assert.ok(!taken.some((address) => address >= start && address <= end));
          });
        }
      }),
    );
    const { resources } = await buildOpenStack({});
    assert.deepEqual(named(resources, SUBNET, "b").props.allocationPools, [
      { start: "10.0.4.2", end: "10.0.4.9" },
    ]);
  });
});
