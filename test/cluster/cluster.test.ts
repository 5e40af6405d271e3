/** How the steps of a cluster depend on each other: what is deleted with what, what waits for what, what is secret. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { whenDistinct } from "../../components/cluster/distinct";
import { ENCAPSULATIONS } from "../../components/config";
import { type Built, buildCluster, CA_HASH, COMMAND } from "../support/cluster";
import { named, ofType, type Recorded, type Recording, resolved } from "../support/mocks";

const POOL = "kubernetes:crd.projectcalico.org/v1:IPPool";
/** Several pools: w1 has both tunnels, w2 one, cp1 none. */
const POOLS = {
  ipPools: [
    { name: "a", cidr: "172.16.0.0/18", encapsulation: "None" },
    { name: "b", cidr: "172.16.64.0/18", encapsulation: "VXLAN", nodes: ["w1", "w2"] },
    { name: "c", cidr: "172.16.128.0/18", encapsulation: "IPIP", nodes: ["w1"], allowedUses: ["Tunnel"] },
  ],
};

const nameOf = async (resource: pulumi.Resource | undefined) =>
  resource && (await resolved(resource.urn)).split("::").at(-1);
const waitsFor = async ({ opts }: Recorded): Promise<(string | undefined)[]> =>
  Promise.all(
    [await resolved(opts.dependsOn as pulumi.Input<pulumi.Resource[]>)].flat().map((one) => nameOf(one)),
  );
const stepsOf = ({ resources }: Recording<Built>) => ofType(resources, COMMAND);
const step = ({ resources }: Recording<Built>, name: string) => named(resources, COMMAND, name);

describe("the steps to a cluster", () => {
  let hosts: Recording<Built>;
  let cloud: Recording<Built>;
  before(async () => {
    hosts = await buildCluster();
    cloud = await buildCluster({}, true);
  });

  it("run once on every node, and those of the whole cluster on the control plane", () => {
    assert.deepEqual(
      stepsOf(hosts)
        .map(({ name }) => name)
        .sort(),
      [
        "blocks-cp1",
        "calico-cp1",
        "init-cp1",
        "join-w1",
        "join-w2",
        "kubeconfig-cp1",
        "prepare-cp1",
        "prepare-w1",
        "prepare-w2",
        "remove-w1",
        "remove-w2",
        "routes-cp1",
        "routes-w1",
        "routes-w2",
      ],
    );
  });

  it("send everything through standard input and nothing on the command line", () => {
    for (const { name, props } of stepsOf(hosts)) {
      for (const command of [props.create, props.delete].filter(Boolean))
        assert.match(command, /^(sudo -n )?timeout --kill-after=30 3600 bash -s -- (create|delete)$/, name);
      assert.equal(props.addPreviousOutputInEnv, false, name);
      assert.equal(props.environment, undefined, name);
      assert.match(props.stdin, /main "\$@" <\/dev\/null\n$/, name);
    }
    assert.match(step(hosts, "prepare-w1").props.create, /^sudo -n /);
    assert.doesNotMatch(step(hosts, "prepare-cp1").props.create, /sudo/);
  });

  it("keep the bootstrap token and the kubeconfig secret", async () => {
    const join = step(hosts, "join-w1");
    assert.ok(join.secrets.includes("stdin"));
    assert.ok(join.props.stdin.includes("token-of-w1"));
    const kubeconfig = step(hosts, "kubeconfig-cp1");
    assert.equal(kubeconfig.props.logging, "none");
    assert.ok(kubeconfig.opts.additionalSecretOutputs?.includes("stdout"));
    assert.equal(await pulumiSecret(hosts.result.cluster.kubeconfig), true);
    for (const { name, props } of stepsOf(hosts).filter((one) => one.name !== "kubeconfig-cp1"))
      assert.equal(props.logging, "stderr", name);
  });

  it("are children of their component, registered before its outputs", () => {
    for (const { name, opts } of stepsOf(hosts)) {
      const owner = /^(calico|blocks|routes)-/.test(name) ? hosts.result.network : hosts.result.cluster;
      assert.equal(opts.parent, owner, name);
    }
    for (const component of [hosts.result.cluster, hosts.result.network]) {
      const registered = hosts.outputs.filter((one) => one.component === component);
      assert.equal(registered.length, 1);
    }
    assert.deepEqual(hosts.late, []);
  });

  it("keep the new step when the old one is deleted, and run again when their machine is replaced", () => {
    for (const { name, opts, props } of stepsOf(hosts)) {
      assert.equal(opts.deleteBeforeReplace, props.delete !== undefined, name);
      assert.equal(
        props.triggers[0],
        name.endsWith("w1") && !name.startsWith("remove") ? "10.0.3.11:2222" : props.triggers[0],
      );
    }
    assert.equal(step(cloud, "prepare-w1").props.triggers[0], "w1-id");
    assert.deepEqual(step(cloud, "remove-w1").props.triggers, ["cp1-id", "w1-id", CA_HASH]);
  });

  it("join workers in parallel, each after init, its own preparation and its remove step", async () => {
    for (const worker of ["w1", "w2"]) {
      const needed = await waitsFor(step(hosts, `join-${worker}`));
      for (const name of [`prepare-${worker}`, "bootstrap-tokens", `remove-${worker}`])
        assert.ok(needed.includes(name), name);
      assert.ok(!needed.some((name) => /^join-/.test(name ?? "")));
      assert.deepEqual(step(hosts, `join-${worker}`).props.triggers.slice(1), [CA_HASH]);
    }
  });

  it("prepare all nodes in parallel: a preparation waits only for its own machine", async () => {
    for (const name of ["cp1", "w1", "w2"]) {
      // The machine itself, and the wait for a login: both have the machine's name.
      assert.deepEqual(await waitsFor(step(hosts, `prepare-${name}`)), [name]);
      assert.deepEqual(await waitsFor(step(cloud, `prepare-${name}`)), [name, name]);
    }
  });

  it("are deleted with their machine in a cloud, and not undone one by one", async () => {
    for (const { name, opts } of stepsOf(cloud)) {
      const owner = name.startsWith("remove-") ? "init-cp1" : name.split("-").at(-1);
      assert.equal(await nameOf(opts.deletedWith), owner, name);
    }
  });

  it("remove a worker from the cluster while its machine is still there, but not when the whole cluster is deleted", async () => {
    for (const recording of [hosts, cloud]) {
      const leaving = step(recording, "remove-w1");
      assert.equal(leaving.props.create, undefined);
      assert.equal(leaving.props.delete, "timeout --kill-after=30 3600 bash -s -- delete");
      assert.equal(leaving.props.connection.host, "10.0.3.10");
      assert.ok((await waitsFor(leaving)).includes("w1"));
      assert.equal(await nameOf(leaving.opts.deletedWith), "init-cp1");
    }
  });

  it("wait for a login first, and issue bootstrap tokens after all nodes are prepared", async () => {
    for (const name of ["cp1", "w1", "w2"]) {
      const waiting = named(hosts.resources, "pulumi-nodejs:dynamic/encaplab:Reachable", name);
      assert.ok(waiting.secrets.includes("target"));
      assert.deepEqual(await waitsFor(waiting), [name]);
    }
    const bootstrapTokens = named(
      hosts.resources,
      "pulumi-nodejs:dynamic/encaplab:BootstrapTokens",
      "bootstrap-tokens",
    );
    assert.deepEqual(await waitsFor(bootstrapTokens), [
      "prepare-cp1",
      "prepare-w1",
      "prepare-w2",
      "init-cp1",
    ]);
    assert.deepEqual(bootstrapTokens.props.workers, { w1: "10.0.3.11:2222", w2: "10.0.4.10:22" });
    assert.ok(bootstrapTokens.opts.additionalSecretOutputs?.includes("tokens"));
    for (const { name, opts } of stepsOf(hosts)) assert.equal(opts.hooks, undefined, name);
  });

  it("issue no tokens when two nodes have the same MAC address", async () => {
    const prepared = (w2: string) =>
      new Map([
        [{ name: "w1" }, { stdout: pulumi.output("fact\tmac\t02:01\n") }],
        [{ name: "w2" }, { stdout: pulumi.output(`fact\tmac\t${w2}\n`) }],
      ]);
    assert.equal(await resolved(whenDistinct(pulumi.output(CA_HASH), prepared("02:02"))), CA_HASH);
    await assert.rejects(
      promised(whenDistinct(pulumi.output(CA_HASH), prepared("02:01"))),
      /w2 and w1 have the same MAC address/,
    );
  });

  it("start from a record of each existing machine, with a secret login", () => {
    const hostResets = ofType(hosts.resources, "pulumi-nodejs:dynamic/encaplab:HostReset");
    assert.deepEqual(
      hostResets.map(({ name }) => name),
      ["cp1", "w1", "w2"],
    );
    for (const { secrets } of hostResets) assert.ok(secrets.includes("target"));
  });
});

describe("a whole cluster that is taken down", () => {
  // Pulumi's command plug-in waits for a frozen machine without end, also when it deletes.
  for (const [where, inCloud] of [
    ["on existing machines", false],
    ["in a cloud", true],
  ] as const)
    it(`runs no Command on a machine ${where}: each with a delete goes with the control plane's init`, async () => {
      const { resources } = await buildCluster({}, inCloud);
      const deleting = ofType(resources, COMMAND).filter(({ props }) => props.delete !== undefined);
      assert.deepEqual(deleting.map(({ name }) => name).sort(), ["remove-w1", "remove-w2"]);
      for (const { name, opts } of deleting) assert.equal(await nameOf(opts.deletedWith), "init-cp1", name);
      assert.equal(step({ resources } as Recording<Built>, "init-cp1").props.delete, undefined);
    });
});

describe("Calico on a cluster", () => {
  it("is deleted with the init step, so that no destroy waits for a dead API", async () => {
    const { resources } = await buildCluster({}, true);
    const objects = resources.filter(({ type }) => type.startsWith("kubernetes:"));
    assert.ok(objects.length >= 2);
    for (const { name, opts } of objects) assert.equal(await nameOf(opts.deletedWith), "init-cp1", name);
  });

  it("identifies its cluster by the CA, because the address stays the same after a rebuild", async () => {
    const { resources } = await buildCluster();
    const provider = named(resources, "pulumi:providers:kubernetes", "api");
    assert.equal(provider.props.clusterIdentifier, CA_HASH);
    assert.ok(provider.secrets.includes("kubeconfig"));
  });

  it("is given up with the API of an old cluster, taken over from a killed run, and set back after a change by hand", async () => {
    const { resources } = await buildCluster();
    const { props } = named(resources, "pulumi:providers:kubernetes", "api");
    for (const setting of ["deleteUnreachable", "upsertExistingObjects", "enablePatchForce"])
      assert.equal(String(props[setting]), "true", setting);
  });

  it("replaces a pool whose range or block size changes, old before new, and nothing else of it", async () => {
    const { opts } = named((await buildCluster()).resources, POOL, "default-ipv4-ippool");
    assert.deepEqual(opts.replaceOnChanges, ["spec.cidr", "spec.blockSize"]);
    assert.equal(opts.deleteBeforeReplace, true);
  });

  it("lets BIRD program the routes (programClusterRoutes) where the version has the choice", async () => {
    const configuration = async (raw: Record<string, unknown>) =>
      ofType((await buildCluster(raw)).resources, "kubernetes:crd.projectcalico.org/v1:BGPConfiguration").map(
        ({ name, props }) => [name, props.spec],
      );
    assert.deepEqual(await configuration({ calicoVersion: "3.32", kubernetesVersion: "1.35" }), [
      ["default", { programClusterRoutes: "Enabled" }],
    ]);
    assert.deepEqual(await configuration({ calicoVersion: "3.31", kubernetesVersion: "1.35" }), []);
  });

  it("changes in a switch only the pool, in place, and the steps that wait", async () => {
    const built = await Promise.all(ENCAPSULATIONS.map((encapsulation) => buildCluster({ encapsulation })));
    const [first] = built;
    for (const [i, recording] of built.entries()) {
      const { props } = named(recording.resources, POOL, "default-ipv4-ippool");
      const before = named(first?.resources ?? [], POOL, "default-ipv4-ippool").props;
      assert.equal(props.spec.cidr, before.spec.cidr);
      assert.equal(props.spec.blockSize, before.spec.blockSize);
      for (const name of ["init-cp1", "join-w1", "remove-w1", "kubeconfig-cp1", "calico-cp1"]) {
        const now = step(recording, name).props;
        assert.deepEqual(now, step(first as Recording<Built>, name).props, `${ENCAPSULATIONS[i]} ${name}`);
      }
    }
  });

  it("waits for the routes after the pools, and for the blocks after all nodes have joined", async () => {
    const recording = await buildCluster();
    const blocks = await waitsFor(step(recording, "blocks-cp1"));
    for (const name of ["join-w1", "join-w2", "default-ipv4-ippool"]) assert.ok(blocks.includes(name), name);
    assert.ok((await waitsFor(step(recording, "routes-w2"))).includes("blocks-cp1"));
    assert.ok(step(recording, "routes-w2").props.stdin.includes("EXPECTED='172.16.0.0/26 vxlan.calico -"));
  });

  it("changes a pool only after the network under the nodes lets the new mode through", async () => {
    const pool = named((await buildCluster()).resources, POOL, "default-ipv4-ippool");
    assert.deepEqual(await waitsFor(pool), ["calico-cp1", "test"]);
  });

  it("waits until calico-node is ready, with and without BIRD", async () => {
    const ready = async (raw: Record<string, unknown>) => {
      const recording = await buildCluster(raw);
      return ["calico-cp1", "blocks-cp1"].map(
        (name) => /BGP_READY='(.)'/.exec(step(recording, name).props.stdin)?.[1],
      );
    };
    assert.deepEqual(await ready({}), ["1", "1"]);
    assert.deepEqual(await ready({ bgp: "Disabled" }), ["1", "1"]);
  });

  it("waits for the tunnel addresses that nodes get, with several pools those of the nodes that a pool selects", async () => {
    const awaited = async (raw: Record<string, unknown>) =>
      /TUNNELS='([^']*)'/.exec(step(await buildCluster(raw), "blocks-cp1").props.stdin)?.[1];
    assert.equal(await awaited({ encapsulation: "VXLAN" }), "cp1 VXLAN\nw1 VXLAN\nw2 VXLAN");
    assert.equal(await awaited({ encapsulation: "IPIPCrossSubnet" }), "cp1 IPIP\nw1 IPIP\nw2 IPIP");
    assert.equal(await awaited({ encapsulation: "None" }), "");
    assert.equal(await awaited(POOLS), "w1 IPIP\nw1 VXLAN\nw2 VXLAN");
  });

  it("names the device that a node must not have, since no pool gives it a tunnel although others have one", async () => {
    const absent = async (raw: Record<string, unknown>) => {
      const recording = await buildCluster(raw);
      return ["cp1", "w1", "w2"].map(
        (name) => /ABSENT='([^']*)'/.exec(step(recording, `routes-${name}`).props.stdin)?.[1],
      );
    };
    assert.deepEqual(await absent(POOLS), ["vxlan.calico", "", ""]);
    for (const encapsulation of ["VXLAN", "None"])
      assert.deepEqual(await absent({ encapsulation }), ["", "", ""]);
  });

  it("gets several pools one after the other, those with addresses for tunnels first, because the first there counts", async () => {
    const { resources } = await buildCluster(POOLS);
    const waits = ofType(resources, POOL).map(async (pool) => [pool.name, (await waitsFor(pool)).slice(2)]);
    assert.deepEqual(await Promise.all(waits), [
      ["b", []],
      ["c", ["b"]],
      ["a", ["c"]],
    ]);
  });

  it("imports image archives on every node after its preparation and before the manifest is applied", async () => {
    const archive = { file: "/archives/calico.tar", stamp: "1 2" };
    const recording = await buildCluster({}, false, [archive]);
    const images = ofType(recording.resources, "pulumi-nodejs:dynamic/encaplab:Images");
    assert.deepEqual(images.map(({ name }) => name).sort(), ["images-cp1", "images-w1", "images-w2"]);
    const installs = await waitsFor(step(recording, "calico-cp1"));
    for (const image of images) {
      assert.ok(installs.includes(image.name));
      assert.deepEqual(await waitsFor(image), [image.name.replace("images", "prepare")]);
      assert.deepEqual(image.props.archives, [archive]);
      assert.ok(image.secrets.includes("target"), "it is what you need to log in");
    }
    assert.deepEqual(ofType((await buildCluster()).resources, "pulumi-nodejs:dynamic/encaplab:Images"), []);
  });

  it("is left out with calico.install: none, where the reference plugins route and the pool is still declared", async () => {
    const recording = await buildCluster({ calico: { install: "none" }, encapsulation: "IPIP" });
    const names = stepsOf(recording).map(({ name }) => name);
    assert.ok(!names.some((name) => /^(calico|blocks|routes)-/.test(name)));
    assert.equal(names.filter((name) => name.startsWith("pod-network-")).length, 3);
    assert.equal(named(recording.resources, POOL, "default-ipv4-ippool").props.spec.ipipMode, "Always");
    const definition = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition";
    assert.deepEqual(await waitsFor(named(recording.resources, POOL, "default-ipv4-ippool")), [
      "ippools",
      "test",
    ]);
    assert.equal(ofType(recording.resources, definition).length, 1);
    assert.ok(step(recording, "prepare-w1").props.stdin.includes("REQUIRE_IPIP='0'"));
  });

  it("rebuilds the cluster when something changes that cannot change on a running one", async () => {
    const identity = async (raw: Record<string, unknown>) =>
      step(await buildCluster(raw), "init-cp1").props.triggers[1];
    const plain = await identity({});
    assert.equal(await identity({ encapsulation: "IPIP", natOutgoing: false }), plain);
    for (const raw of [
      { podCidr: "172.20.0.0/16" },
      { serviceCidr: "10.112.0.0/16" },
      { proxyMode: "nftables" },
    ])
      assert.notEqual(await identity(raw), plain);
  });

  it("rebuilds a cluster with several pools when its nodes' pods would be of other blocks, and else changes the pools in place", async () => {
    const identity = async (change: Record<string, unknown>, name = "b") =>
      step(
        await buildCluster({
          ipPools: POOLS.ipPools.map((pool) => (pool.name === name ? { ...pool, ...change } : pool)),
        }),
        "init-cp1",
      ).props.triggers[1];
    const before = await identity({});
    for (const change of [{ encapsulation: "VXLANCrossSubnet" }, { natOutgoing: false }])
      assert.equal(await identity(change), before, JSON.stringify(change));
    assert.equal(await identity({ encapsulation: "None" }, "c"), before, "it has no pods");
    for (const change of [
      { cidr: "172.16.64.0/19" },
      { blockSize: 28 },
      { nodes: ["w2"] },
      { allowedUses: ["Workload"] },
      // Without the tunnel, pods of w1 and w2 would be in the pool a, and those that are there stay in b.
      { encapsulation: "None" },
    ])
      assert.notEqual(await identity(change), before, JSON.stringify(change));
    assert.notEqual(await identity({ disabled: true }, "c"), before);
    assert.notEqual(
      await identity({ encapsulation: "VXLAN" }, "a"),
      before,
      "w2's tunnel would be of the pool a",
    );
  });
});

async function pulumiSecret(output: pulumi.Output<unknown>): Promise<boolean> {
  const { isSecret } = await import("@pulumi/pulumi");
  return isSecret(output);
}

/** The value of an output, or the reason why there is none. */
const promised = <T>(output: pulumi.Output<T>): Promise<T> =>
  (output as unknown as { promise(): Promise<T> }).promise();
