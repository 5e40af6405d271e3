import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parseConfig } from "../../../components/config";
import { createHosts } from "../../../components/infrastructure/hosts";
import { NodeContainers, renderContainers } from "../../../components/infrastructure/hosts/containers";
import {
  type ContainersSpec,
  type ContainersStatus,
  type FolderSpec,
  hasOwn,
  isAsRecorded,
  outputsOf,
  withLeaving,
  withOwn,
  withoutLeaving,
  withoutOwn,
} from "../../../components/infrastructure/hosts/containers/containers";
import {
  nodeContainers as machines,
  containerNode as nodeProvider,
} from "../../../components/infrastructure/hosts/containers/providers";
import { planLab } from "../../../components/plan";
import { named, ofType, record } from "../../support/mocks";
import { planOf, problemsOf, type RawConfig } from "../../support/problems";

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

describe("the containers' spec for a plan", () => {
  it("has the plan's subnets, and each node's address with its subnet's prefix", () => {
    const { subnets, nodes, apiNode, podCidr } = renderContainers(planOf(CONFIG), {
      name: "lab",
      publicKey: KEY,
    });
    assert.deepEqual(
      subnets.map(({ name, cidr, gateway }) => `${name} ${cidr} ${gateway}`),
      ["a 10.0.3.0/24 10.0.3.1", "b 10.0.4.0/26 10.0.4.1"],
    );
    assert.deepEqual(
      nodes.map(({ name, subnet, address }) => `${name} ${subnet} ${address}`),
      ["cp1 a 10.0.3.10/24", "w1 a 10.0.3.11/24", "w2 b 10.0.4.10/26"],
    );
    assert.deepEqual([apiNode, podCidr], ["cp1", "172.16.0.0/16"]);
  });

  it("has the machine's real prefix even if Calico must record a /32", () => {
    const plan = planOf({ ...CONFIG, encapsulation: "VXLANCrossSubnet", faults: ["node-as-32"] });
    const { nodes } = renderContainers(plan, { name: "lab", publicKey: KEY });
    assert.deepEqual(
      nodes.map(({ address }) => address.split("/")[1]),
      ["24", "24", "26"],
    );
  });

  it("has routes to the pods' blocks only with podRoutes", () => {
    const plan = planOf({ ...CONFIG, encapsulation: "None", podRoutes: true });
    const { network } = renderContainers(plan, { name: "lab", publicKey: KEY });
    assert.deepEqual(network.routes, [
      "blackhole 172.16.0.0/16",
      ...plan.nodes.map(({ block, address }) => `${block} via ${address}`),
    ]);
  });

  it("has the control plane as API node, at any position in the list", () => {
    const topology = [
      { name: "a", cidr: "10.0.3.0/24", nodes: ["w1", { name: "c", role: "control-plane" }] },
    ];
    assert.equal(
      renderContainers(planOf({ ...CONFIG, topology }), { name: "lab", publicKey: KEY }).apiNode,
      "c",
    );
  });

  it("contains a layer only if there is one", () => {
    const plan = planOf(CONFIG);
    assert.equal(renderContainers(plan, { name: "lab", publicKey: KEY, layer: "/l" }).layer, "/l");
    assert.ok(!("layer" in renderContainers(plan, { name: "lab", publicKey: KEY })));
  });
});

describe("the node containers' status", () => {
  const recorded = outputsOf(STATUS);

  it("is recorded as ports and host keys by node, and the API's port", () => {
    assert.deepEqual(recorded, {
      ports: { cp1: 20001, w1: 20002 },
      hostKeys: { cp1: "ssh-ed25519 A", w1: "ssh-ed25519 B" },
      apiPort: 20003,
    });
  });

  it("is as recorded in any order of the nodes", () => {
    const { cp1, w1 } = STATUS.nodes;
    assert.ok(isAsRecorded(STATUS, recorded));
    assert.ok(isAsRecorded({ ...STATUS, nodes: { w1, cp1 } as ContainersStatus["nodes"] }, recorded));
  });

  const w1 = STATUS.nodes.w1 as ContainersStatus["nodes"][string];
  for (const [what, status] of [
    ["a machine is off", { ...STATUS, nodes: { ...STATUS.nodes, w1: { ...w1, running: false } } }],
    ["a port has changed", { ...STATUS, nodes: { ...STATUS.nodes, w1: { ...w1, port: 1 } } }],
    [
      "a disk has changed",
      { ...STATUS, nodes: { ...STATUS.nodes, w1: { ...w1, hostKey: "ssh-ed25519 C" } } },
    ],
    ["a node is gone", { ...STATUS, nodes: { w1 } }],
    ["the API's port is closed", { ...STATUS, api: { port: 20003, running: false } }],
    ["the router's BIRD has ended", { ...STATUS, bird: { running: false } }],
    ["the API's port has changed", { ...STATUS, api: { port: 1, running: true } }],
  ] as [string, ContainersStatus][]) {
    it(`is not as recorded when ${what}`, () => assert.ok(!isAsRecorded(status, recorded)));
  }
});

/** The spec of a topology, and the same once each node has its own resource. */
const specOf = (topology: RawConfig["topology"], more: RawConfig = {}): ContainersSpec =>
  renderContainers(planOf({ ...CONFIG, ...more, topology }), { name: "lab", publicKey: KEY });
const owned = (spec: ContainersSpec): FolderSpec =>
  spec.nodes.reduce((all: FolderSpec, { name }) => withOwn(all, name), spec);
const nodesOf = ({ nodes }: FolderSpec) =>
  nodes.map(({ name, leaving }) => (leaving ? `${name} leaves` : name));

const A = { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] };
const B = { name: "b", cidr: "10.0.4.0/26", nodes: ["w2"] };

describe("a node container that was removed from the plan", () => {
  const before = owned(specOf([A, B]));
  const shrunk = specOf([A]);

  it("stays on in its subnet until the node's own resource removes it", () => {
    const kept = withLeaving(shrunk, before);
    assert.deepEqual(nodesOf(kept), ["cp1", "w1", "w2 leaves"]);
    assert.deepEqual(kept.subnets, before.subnets);
    const after = withoutOwn(kept, "w2");
    assert.deepEqual(after, owned(shrunk));
    assert.deepEqual(withLeaving(shrunk, after), after, "nothing is left to change");
  });

  it("is kept by every later update, whatever else changes", () => {
    const kept = withLeaving(shrunk, before);
    assert.deepEqual(withLeaving(shrunk, kept), kept);
    const grown = withLeaving(specOf([{ ...A, nodes: ["cp1", "w1", "w3"] }]), kept);
    assert.deepEqual(nodesOf(grown), ["cp1", "w1", "w3", "w2 leaves"]);
    assert.ok(!hasOwn(grown, "w3"), "its resource is created after the machines");
  });

  it("is an ordinary node again when it is added to the plan again", () => {
    const back = withLeaving(specOf([A, B]), withLeaving(shrunk, before));
    assert.deepEqual(back, before);
  });

  it("is removed at once in a lab of an earlier version, whose nodes do not have their own resources", () => {
    assert.deepEqual(withLeaving(shrunk, specOf([A, B])), shrunk);
    assert.deepEqual(withLeaving(shrunk, undefined), shrunk);
  });

  it("keeps its machine and loses the mark when its resource is deleted but the node is in the plan", () => {
    const unmarked = withoutOwn(before, "w2");
    assert.deepEqual(nodesOf(unmarked), ["cp1", "w1", "w2"]);
    assert.ok(!hasOwn(unmarked, "w2") && hasOwn(unmarked, "w1"));
    assert.deepEqual(withoutOwn(unmarked, "nobody"), unmarked);
  });

  it("keeps its subnet while another node is in it", () => {
    const two = owned(specOf([A, { ...B, nodes: ["w2", "w3"] }]));
    const kept = withLeaving(shrunk, two);
    assert.deepEqual(nodesOf(kept), ["cp1", "w1", "w2 leaves", "w3 leaves"]);
    const one = withoutOwn(kept, "w2");
    assert.deepEqual(one.subnets, two.subnets);
    assert.deepEqual(withoutOwn(one, "w3"), owned(shrunk));
  });

  it("moves with its subnet when the subnet is renamed", () => {
    const wide = owned(specOf([{ ...A, nodes: ["cp1", "w1", "w3"] }]));
    const kept = withLeaving(specOf([{ ...A, name: "z" }]), wide);
    assert.deepEqual(nodesOf(kept), ["cp1", "w1", "w3 leaves"]);
    assert.deepEqual(
      kept.nodes.map(({ subnet }) => subnet),
      ["z", "z", "z"],
    );
    assert.equal(kept.subnets.length, 1);
  });

  for (const [what, spec] of [
    ["a new node has its address", specOf([A, { ...B, nodes: ["w4"] }])],
    [
      "a new subnet has the name of its subnet",
      specOf([A, { name: "b", cidr: "10.0.9.0/24", nodes: ["w4"] }]),
    ],
    [
      "a new subnet overlaps with its subnet",
      specOf([A, { name: "c", cidr: "10.0.4.32/27", nodes: ["w4"] }]),
    ],
    ["the pods' addresses overlap with its subnet", specOf([A], { podCidr: "10.0.4.0/22" })],
  ] as [string, ContainersSpec][]) {
    it(`is removed at once when ${what}`, () => {
      assert.deepEqual(
        nodesOf(withLeaving(spec, before)),
        spec.nodes.map(({ name }) => name),
      );
    });
  }

  it("does not count in the lab's status any more", () => {
    const spec = {
      ...before,
      nodes: [{ name: "w1", subnet: "a", address: "10.0.3.11/24", own: true, leaving: true }],
    };
    const status = withoutLeaving(STATUS, spec as FolderSpec);
    assert.deepEqual(status, { ...STATUS, nodes: { cp1: STATUS.nodes.cp1 } });
    assert.deepEqual(withoutLeaving(STATUS, before), STATUS);
  });
});

describe("the resource of one node container", () => {
  let folder: string;
  const file = () => path.join(folder, "spec.json");
  const write = (spec: FolderSpec) => fs.writeFileSync(file(), JSON.stringify(spec));
  const read = (): FolderSpec => JSON.parse(fs.readFileSync(file(), "utf8"));
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-folder-"));
  });
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

  it("marks its node in the folder, and again when the file was written anew", async () => {
    const spec = specOf([A, B]);
    write(spec);
    const inputs = { folder, name: "w2" };
    assert.deepEqual(await nodeProvider.create(inputs), {});
    assert.deepEqual(read(), withOwn(spec, "w2"));
    assert.equal(await nodeProvider.changed(inputs, inputs), false);
    write(spec);
    assert.equal(await nodeProvider.changed(inputs, inputs), true);
    await nodeProvider.update(inputs, inputs);
    assert.deepEqual(read(), withOwn(spec, "w2"));
  });

  it("keeps all marks when all nodes are marked at the same time", async () => {
    const spec = specOf([A, B]);
    write(spec);
    await Promise.all(spec.nodes.map(({ name }) => nodeProvider.create({ folder, name })));
    assert.deepEqual(read(), owned(spec));
  });

  it("does not remove the machine of a node that is still in the plan", async () => {
    write(owned(specOf([A, B])));
    await nodeProvider.remove({ folder, name: "w2" });
    assert.deepEqual(nodesOf(read()), ["cp1", "w1", "w2"]);
    assert.ok(!hasOwn(read(), "w2"));
  });

  it("is deleted without an error when the folder is gone, and does not create the folder", async () => {
    fs.rmSync(folder, { recursive: true });
    await nodeProvider.remove({ folder, name: "w2" });
    await nodeProvider.create({ folder, name: "w2" });
    assert.equal(await nodeProvider.changed({ folder, name: "w2" }, { folder, name: "w2" }), false);
    await machines.remove({ folder, spec: specOf([A]), ...outputsOf(STATUS) });
    assert.ok(!fs.existsSync(folder));
  });
});

describe("all node containers as one resource", () => {
  const spec = specOf([A]);
  const recorded = (folder: string) => ({ folder, spec, ...outputsOf(STATUS) });
  const changedIn = async (there: FolderSpec | undefined): Promise<boolean> => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-folder-"));
    try {
      if (there) fs.writeFileSync(path.join(folder, "spec.json"), JSON.stringify(there));
      return await machines.changed({ folder, spec }, recorded(folder));
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  };

  it("needs an update when the folder's file is gone, or was left by an update that was killed", async () => {
    assert.equal(await changedIn(undefined), true);
    assert.equal(await changedIn(specOf([A, B])), true);
  });

  it("needs an update when nothing was built yet", async () => assert.equal(await changedIn(spec), true));
});

describe("node containers as resources", () => {
  const build = (layer?: string) => {
    const plan = planOf(CONFIG);
    return record((options) => new NodeContainers("lab", { plan, layer, prefix: "" }, options), {
      state: () => ({ folder: "/a/folder", ...outputsOf(STATUS) }),
    });
  };
  const MACHINES = "pulumi-nodejs:dynamic/encaplab:NodeContainers";

  it("record the lab folder before anything exists, and are deleted with it", async () => {
    const { result, resources } = await build();
    const folder = named(resources, "pulumi-nodejs:dynamic/encaplab:ContainersFolder", "folder");
    const machines = named(resources, MACHINES, "machines");
    assert.equal(folder.props.stack, "lab");
    assert.equal(machines.props.folder, "/a/folder");
    assert.equal(machines.opts.deletedWith, folder.resource);
    assert.equal(folder.opts.deletedWith, undefined);
    for (const { opts } of [folder, machines]) assert.equal(opts.parent, result);
    assert.equal(result.labFolder, folder.resource);
    assert.equal(result.machines, machines.resource);
  });

  it("have one resource per node to remove its machine, which depends on all machines and is deleted with them", async () => {
    const { result, resources } = await build();
    const all = named(resources, MACHINES, "machines").resource;
    const nodes = ofType(resources, "pulumi-nodejs:dynamic/encaplab:ContainerNode");
    assert.deepEqual(
      nodes.map(({ name, props: { __provider: _, ...props } }) => [name, props]),
      ["cp1", "w1", "w2"].map((name) => [`machine-${name}`, { folder: "/a/folder", name }]),
    );
    for (const { props, opts, resource } of nodes) {
      assert.equal(opts.dependsOn, all);
      assert.equal(opts.deletedWith, all);
      assert.equal(result.nodes.find((node) => node.name === props.name)?.resource, resource);
    }
  });

  it("use the given layer, or the plain root if there is none", async () => {
    const layerOf = async (layer?: string) =>
      named((await build(layer)).resources, MACHINES, "machines").props.spec.layer;
    assert.equal(await layerOf("/a/layer"), "/a/layer");
    assert.equal(await layerOf(), undefined);
  });
});

describe("the machines of a lab in containers", () => {
  const build = (hosts: RawConfig) => {
    const config = parseConfig({ ...CONFIG, rehearse: false, hosts });
    const args = { plan: planLab(config), config, prefix: "" };
    return record((options) => createHosts("lab", args, options), {
      state: () => ({ folder: "/a/folder", ...outputsOf(STATUS) }),
    });
  };

  it("have their node's own resource, so that what runs on a node ends before its machine is removed", async () => {
    const { result, resources } = await build({ machines: "containers" });
    for (const { name, resource } of result.nodes) {
      const own = named(resources, "pulumi-nodejs:dynamic/encaplab:ContainerNode", `machine-${name}`);
      assert.equal(resource, own.resource);
    }
  });

  it("get the config's layer, relative to the project's folder", async () => {
    const { resources } = await build({ machines: "containers", layer: "test/support" });
    const { spec } = named(resources, "pulumi-nodejs:dynamic/encaplab:NodeContainers", "machines").props;
    assert.equal(spec.layer, path.resolve("test/support"));
  });

  const LIST = [{ name: "cp1", address: "10.0.3.10", subnet: "10.0.3.0/24" }];
  for (const [what, layer, hosts, said] of [
    [
      "does not exist",
      "no/such/folder",
      { machines: "containers" },
      /there is no folder \/.*\/no\/such\/folder: correct the path/,
    ],
    ["is a file", "package.json", { machines: "containers" }, /there is no folder .*package\.json/],
    [
      "is set for existing machines",
      ".",
      { machines: LIST },
      /only node containers have a layer: remove this key/,
    ],
  ] as [string, string, RawConfig, RegExp][]) {
    it(`are refused before anything is made when the layer ${what}`, async () => {
      const config = parseConfig({ cloud: "hosts", hosts: { ...hosts, layer } });
      const problems = await problemsOf(() =>
        createHosts("lab", { plan: planLab(config), config, settings: {} }),
      );
      assert.deepEqual(
        problems.map(({ key, value }) => [key, value]),
        [["hosts.layer", layer]],
      );
      assert.match(problems[0]?.message ?? "", said);
    });
  }

  it("are refused when mount would read the layer's path as several options", async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "encaplab:layer-"));
    try {
      const config = parseConfig({ cloud: "hosts", hosts: { machines: "containers", layer: folder } });
      const problems = await problemsOf(() =>
        createHosts("lab", { plan: planLab(config), config, settings: {} }),
      );
      assert.match(problems[0]?.message ?? "", /must not contain ":"/);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });
});
