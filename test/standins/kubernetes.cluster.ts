/** The kubernetes plug-in, or its stand-in if the real one is not available, with a real API server. */
import assert from "node:assert/strict";
import * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { ApiServer } from "../support/api-server";
import { succeeds, TestStack } from "../support/standin-stack";

/** The CRD of Calico's IPPool, with what a lab uses of it. */
const POOLS = {
  metadata: { name: "ippools.crd.projectcalico.org" },
  spec: {
    group: "crd.projectcalico.org",
    scope: "Cluster",
    names: { kind: "IPPool", listKind: "IPPoolList", plural: "ippools", singular: "ippool" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", x_kubernetes_preserve_unknown_fields: true } },
      },
    ],
  },
};
const POOL = "/apis/crd.projectcalico.org/v1/ippools/pods";
const MAPS = "/api/v1/namespaces/default/configmaps";

describe("the kubernetes plug-in", function () {
  this.timeout(100_000);
  let server: ApiServer;
  let stack: TestStack;

  before(async () => {
    server = await ApiServer.start();
    stack = await TestStack.create("kubernetes");
  });
  after(() => {
    stack?.remove();
    server.stop();
  });
  afterEach(() => succeeds(stack.destroy()));

  type Make = (options: pulumi.CustomResourceOptions) => Record<string, pulumi.Input<unknown>> | undefined;
  /** A program that creates its objects on the server. */
  const program =
    (make: Make, args: kubernetes.ProviderArgs = {}) =>
    async () => {
      const provider = new kubernetes.Provider("api", { kubeconfig: server.kubeconfig, ...args });
      return make({ provider }) ?? {};
    };
  const get = async (path: string) => (await server.ask("GET", path)).body;
  const map = (data: Record<string, string>, metadata = {}, more = {}) =>
    program((options) => {
      const made = new kubernetes.core.v1.ConfigMap("map", { metadata, data }, { ...options, ...more });
      return { name: made.metadata.name, id: made.id };
    });

  it("says that it is a stand-in, generates a name and keeps it, and changes nothing in a second up", async () => {
    const { outputs, output } = await succeeds(stack.up(map({ a: "1" })));
    assert.match(output, /stand-in: this is not Pulumi's kubernetes plug-in v4\.34\.2/);
    assert.match(outputs.name, /^map-[0-9a-f]{8}$/);
    assert.equal(outputs.id, `default/${outputs.name}`);
    assert.deepEqual((await get(`${MAPS}/${outputs.name}`)).data, { a: "1" });
    const again = await succeeds(stack.up(map({ a: "1" })));
    assert.deepEqual(again.ops, [["map", "same"]]);
    assert.equal(again.outputs.name, outputs.name);
    await succeeds(stack.destroy());
    assert.equal((await server.ask("GET", `${MAPS}/${outputs.name}`)).status, 404);
  });

  const pool = (spec: object, metadata = {}) =>
    program((options) => {
      new kubernetes.apiextensions.v1.CustomResourceDefinition("pools", POOLS, options);
      new kubernetes.apiextensions.CustomResource(
        "pool",
        {
          apiVersion: "crd.projectcalico.org/v1",
          kind: "IPPool",
          metadata: { name: "pods", ...metadata },
          spec,
        },
        options,
      );
      return undefined;
    });

  it("waits for the CRD, changes and removes single fields of an object in place", async () => {
    await succeeds(stack.up(pool({ cidr: "192.168.0.0/16", ipipMode: "Always", blockSize: 26 })));
    const { uid } = (await get(POOL)).metadata;
    // A field that another writer adds must stay.
    const beside = { spec: { note: "by hand" } };
    await server.ask("PATCH", POOL, beside, "application/merge-patch+json");
    const { ops } = await succeeds(
      stack.up(pool({ cidr: "192.168.0.0/16", vxlanMode: "Always", blockSize: 26 })),
    );
    assert.deepEqual(Object.fromEntries(ops), { pools: "same", pool: "update" });
    const { metadata, spec } = await get(POOL);
    assert.deepEqual(spec, { cidr: "192.168.0.0/16", vxlanMode: "Always", blockSize: 26, note: "by hand" });
    assert.equal(metadata.uid, uid);
    const again = await succeeds(
      stack.up(pool({ cidr: "192.168.0.0/16", vxlanMode: "Always", blockSize: 26 })),
    );
    assert.deepEqual(Object.fromEntries(again.ops), { pools: "same", pool: "same" });
  });

  it("refuses to change a field of another manager, and takes it over when forced", async () => {
    await succeeds(stack.up(pool({ cidr: "10.0.0.0/16" })));
    const theirs = { apiVersion: "crd.projectcalico.org/v1", kind: "IPPool", spec: { cidr: "10.9.0.0/16" } };
    const path = `${POOL}?fieldManager=another&force=true`;
    await server.ask("PATCH", path, theirs, "application/apply-patch+yaml");
    const refused = await stack.up(pool({ cidr: "10.1.0.0/16" }));
    assert.ok(refused.failed);
    assert.match(
      refused.output,
      /stand-in: update of resource .* failed.*field conflict.*conflict with "another"/s,
    );
    const annotations = { "pulumi.com/patchForce": "true" };
    await succeeds(stack.up(pool({ cidr: "10.1.0.0/16" }, { annotations })));
    assert.equal((await get(POOL)).spec.cidr, "10.1.0.0/16");
  });

  it("replaces an object when its name changes, and by default a ConfigMap when its data changes", async () => {
    await succeeds(stack.up(map({ a: "1" }, { name: "one" })));
    const renamed = await succeeds(stack.up(map({ a: "1" }, { name: "two" })));
    assert.deepEqual(
      renamed.ops.map(([, op]) => op),
      ["create-replacement", "replace", "delete-replaced"],
    );
    assert.equal((await server.ask("GET", `${MAPS}/one`)).status, 404);
    // Both have the same name, so the old one must be deleted first.
    const refilled = await succeeds(stack.up(map({ a: "2" }, { name: "two" })));
    assert.equal(refilled.ops[0]?.[1], "delete-replaced");
    assert.deepEqual((await get(`${MAPS}/two`)).data, { a: "2" });
  });

  it("refuses to create an object that already exists", async () => {
    await server.ask("POST", MAPS, { metadata: { name: "taken" } });
    const { failed, output } = await stack.up(map({ a: "1" }, { name: "taken" }));
    await server.ask("DELETE", `${MAPS}/taken`);
    assert.ok(failed);
    assert.match(output, /stand-in: resource .* was not successfully created .* "taken" already exists/);
  });

  it("detects by refresh what was changed or deleted by hand", async () => {
    await succeeds(stack.up(pool({ cidr: "10.0.0.0/16" })));
    await server.ask("PATCH", POOL, { spec: { cidr: "10.7.0.0/16" } }, "application/merge-patch+json");
    await succeeds(stack.refresh());
    const fixed = await succeeds(
      stack.up(pool({ cidr: "10.0.0.0/16" }, { annotations: { "pulumi.com/patchForce": "true" } })),
    );
    assert.equal(Object.fromEntries(fixed.ops).pool, "update");
    assert.equal((await get(POOL)).spec.cidr, "10.0.0.0/16");
    await server.ask("DELETE", POOL);
    await succeeds(stack.refresh());
    assert.ok(!stack.checkpoint().includes('::pool"'));
  });

  it("creates nothing in a preview, and asks the server for a dry run", async () => {
    await succeeds(stack.preview(map({ a: "1" }, { name: "planned" })));
    assert.equal((await server.ask("GET", `${MAPS}/planned`)).status, 404);
    const wrong = { "not a key": "1" };
    const { failed, output } = await stack.preview(map(wrong, { name: "planned" }));
    assert.ok(failed);
    assert.match(output, /stand-in: .*a valid config key must consist of/s);
  });

  it("keeps secrets, and sees that a Secret is unchanged although the server stores it in another form", async () => {
    const secret = program((options) => {
      new kubernetes.core.v1.Secret("secret", { stringData: { key: "the-secret" } }, options);
      return undefined;
    });
    const { output } = await succeeds(stack.up(secret));
    assert.deepEqual((await succeeds(stack.up(secret))).ops, [["secret", "same"]]);
    const state = stack.checkpoint();
    for (const text of ["the-secret", Buffer.from("the-secret").toString("base64")]) {
      assert.ok(!state.includes(text), `${text} in the state`);
      assert.ok(!output.includes(text), `${text} in the output`);
    }
  });

  it("fails to delete from an API server that is gone, unless the object is deleted with its machine", async () => {
    const dead = await ApiServer.start();
    // A ConfigMap on another server stands for the machine on which the dead API server ran.
    const onDead = (together: boolean) => async () => {
      const alive = new kubernetes.Provider("alive", { kubeconfig: server.kubeconfig });
      const machine = new kubernetes.core.v1.ConfigMap("machine", {}, { provider: alive });
      const provider = new kubernetes.Provider("api", { kubeconfig: dead.kubeconfig });
      const deletedWith = together ? machine : undefined;
      new kubernetes.core.v1.ConfigMap("map", { data: {} }, { provider, deletedWith });
    };
    await succeeds(stack.up(onDead(false)));
    dead.stop();
    const stuck = await stack.up(async () => ({}));
    assert.ok(stuck.failed);
    assert.match(stuck.output, /stand-in: configured Kubernetes cluster is unreachable/);
    await succeeds(stack.up(onDead(true)));
    await succeeds(stack.destroy());
  });
});
