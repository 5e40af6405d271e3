import assert from "node:assert/strict";
import { NodeContainers, renderContainers } from "../../../components/infrastructure/hosts/containers";
import {
  type ContainersStatus,
  isAsRecorded,
  outputsOf,
} from "../../../components/infrastructure/hosts/containers/containers";
import { named, record } from "../../support/mocks";
import { planOf } from "../../support/problems";

const KEY = "ssh-ed25519 AAAA lab";
const CONFIG = {
  cloud: "hosts",
  rehearse: true,
  encapsulation: "VXLAN",
  topology: [
    { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] },
    { name: "b", cidr: "10.0.4.0/26", nodes: ["w2"] },
  ],
};

const STATUS: ContainersStatus = {
  nodes: {
    cp1: { port: 20001, hostKey: "ssh-ed25519 A", running: true },
    w1: { port: 20002, hostKey: "ssh-ed25519 B", running: true },
  },
  api: { port: 20003, running: true },
};

describe("the plan as node containers", () => {
  it("has the plan's subnets, and each node at its address with its subnet's prefix", () => {
    const plan = planOf(CONFIG);
    assert.deepEqual(renderContainers(plan, { name: "lab", publicKey: KEY }), {
      name: "lab",
      mtu: plan.mtu.link,
      publicKey: KEY,
      podCidr: plan.ipPool.cidr,
      subnets: [
        { name: "a", cidr: "10.0.3.0/24", gateway: "10.0.3.1" },
        { name: "b", cidr: "10.0.4.0/26", gateway: "10.0.4.1" },
      ],
      nodes: [
        { name: "cp1", subnet: "a", address: "10.0.3.10/24" },
        { name: "w1", subnet: "a", address: "10.0.3.11/24" },
        { name: "w2", subnet: "b", address: "10.0.4.10/26" },
      ],
      routes: [],
      apiNode: "cp1",
    });
  });

  it("gives the machine its real prefix even where Calico is to record a /32", () => {
    const plan = planOf({ ...CONFIG, encapsulation: "VXLANCrossSubnet", faults: ["node-as-32"] });
    const { nodes } = renderContainers(plan, { name: "lab", publicKey: KEY });
    assert.deepEqual(
      nodes.map(({ address }) => address.split("/")[1]),
      ["24", "24", "26"],
    );
  });

  it("teaches the router the pods' blocks when the plan says so, and only then", () => {
    const plan = planOf({ ...CONFIG, encapsulation: "None", podRoutes: true });
    const { routes } = renderContainers(plan, { name: "lab", publicKey: KEY });
    assert.deepEqual(
      routes,
      plan.nodes.map(({ block, address }) => ({ block, via: address })),
    );
  });

  it("finds the API on the control plane, wherever it stands in the list", () => {
    const topology = [
      { name: "a", cidr: "10.0.3.0/24", nodes: ["w1", { name: "c", role: "control-plane" }] },
    ];
    assert.equal(
      renderContainers(planOf({ ...CONFIG, topology }), { name: "lab", publicKey: KEY }).apiNode,
      "c",
    );
  });

  it("names a layer only when there is one", () => {
    const plan = planOf(CONFIG);
    assert.equal(renderContainers(plan, { name: "lab", publicKey: KEY, layer: "/l" }).layer, "/l");
    assert.ok(!("layer" in renderContainers(plan, { name: "lab", publicKey: KEY })));
  });
});

describe("what the node containers tell of themselves", () => {
  const recorded = outputsOf(STATUS);

  it("becomes ports and host keys by node, and the API's port", () => {
    assert.deepEqual(recorded, {
      ports: { cp1: 20001, w1: 20002 },
      hostKeys: { cp1: "ssh-ed25519 A", w1: "ssh-ed25519 B" },
      apiPort: 20003,
    });
  });

  it("is as recorded in whatever order it comes", () => {
    const { cp1, w1 } = STATUS.nodes;
    assert.ok(isAsRecorded(STATUS, recorded));
    assert.ok(isAsRecorded({ ...STATUS, nodes: { w1, cp1 } as ContainersStatus["nodes"] }, recorded));
  });

  const w1 = STATUS.nodes.w1 as ContainersStatus["nodes"][string];
  for (const [what, status] of [
    ["a machine is off", { ...STATUS, nodes: { ...STATUS.nodes, w1: { ...w1, running: false } } }],
    ["a port is another", { ...STATUS, nodes: { ...STATUS.nodes, w1: { ...w1, port: 1 } } }],
    ["a disk is another", { ...STATUS, nodes: { ...STATUS.nodes, w1: { ...w1, hostKey: "ssh-ed25519 C" } } }],
    ["a node is gone", { ...STATUS, nodes: { w1 } }],
    ["the API's port is closed", { ...STATUS, api: { port: 20003, running: false } }],
    ["the API's port is another", { ...STATUS, api: { port: 1, running: true } }],
  ] as [string, ContainersStatus][]) {
    it(`is not as recorded when ${what}`, () => assert.ok(!isAsRecorded(status, recorded)));
  }
});

describe("node containers as resources", () => {
  const build = () => {
    const plan = planOf(CONFIG);
    return record((options) => new NodeContainers("lab", { plan, publicKey: KEY }, options), {
      state: () => ({ folder: "/a/folder", ...outputsOf(STATUS) }),
    });
  };

  it("records their place before there is anything to remove, and ends with it", async () => {
    const { result, resources } = await build();
    const place = named(resources, "pulumi-nodejs:dynamic/encaplab:ContainersPlace", "place");
    const machines = named(resources, "pulumi-nodejs:dynamic/encaplab:NodeContainers", "machines");
    assert.equal(place.props.stack, "lab");
    assert.equal(machines.props.folder, "/a/folder");
    assert.equal(machines.opts.deletedWith, place.resource);
    assert.equal(place.opts.deletedWith, undefined);
    for (const { opts } of [place, machines]) assert.equal(opts.parent, result);
    assert.equal(result.place, place.resource);
    assert.equal(result.machines, machines.resource);
  });

  it("takes the layer from the environment, and the plain root without one", async () => {
    const before = process.env.ENCAPLAB_NODE_LAYER;
    const layerOf = async () =>
      named((await build()).resources, "pulumi-nodejs:dynamic/encaplab:NodeContainers", "machines").props.spec
        .layer;
    try {
      process.env.ENCAPLAB_NODE_LAYER = "/a/layer";
      assert.equal(await layerOf(), "/a/layer");
      delete process.env.ENCAPLAB_NODE_LAYER;
      assert.equal(await layerOf(), undefined);
    } finally {
      if (before === undefined) delete process.env.ENCAPLAB_NODE_LAYER;
      else process.env.ENCAPLAB_NODE_LAYER = before;
    }
  });
});
