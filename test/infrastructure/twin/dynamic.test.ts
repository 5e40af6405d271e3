import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { ConfigError, parseConfig } from "../../../components/config";
import { createMachines, createTwin } from "../../../components/infrastructure";
import { planLab } from "../../../components/plan";
import { adapt, type DynamicProvider } from "../../../components/remote/dynamic";
import { TwinObservation } from "../../../components/study/stack";
import { type Recorded, record } from "../../support/mocks";
import type { RawConfig } from "../../support/problems";
import { REPOSITORY } from "../../support/repository";

async function build(raw: RawConfig) {
  const config = parseConfig(raw);
  const plan = planLab(config);
  const args = { plan, config, settings: {} };
  const recording = await record(
    (options) => {
      const twin = createTwin("lab", { ...args, prefix: "" }, options);
      new TwinObservation("observation", { twin, plan });
      return twin;
    },
    {
      state: (type) => ({
        folder: "/a/folder",
        boot: "b",
        revision: `r-${type}`,
        foundation: "f",
        observation: {},
        ...(type.endsWith(":PresharedKey") && { key: pulumi.secret("made") }),
      }),
    },
  );
  const twin = recording.result;
  const byName = (name: string): Recorded => {
    const found = recording.resources.find((one) => one.name === name);
    assert.ok(found, `${name} is among ${recording.resources.map((one) => one.name)}`);
    return found;
  };
  return { ...recording, twin, plan, byName };
}

describe("the twin as resources", () => {
  it("is a component with a folder, a sandbox, a network, rules and nodes, all deleted with the folder", async () => {
    const { twin, resources, plan, byName } = await build({});
    const children = resources.filter(({ name }) => name !== "lab");
    assert.deepEqual(
      children.map(({ name }) => name).sort(),
      [
        "network",
        "folder",
        "observation",
        "sandbox",
        "security",
        ...plan.nodes.map(({ name }) => name),
      ].sort(),
    );
    const folder = byName("folder");
    assert.equal(folder.opts.deletedWith, undefined);
    for (const child of children) {
      assert.equal(child.opts.parent, twin, `${child.name}'s parent`);
      if (child !== folder)
        assert.equal(child.opts.deletedWith, folder.resource, `${child.name}'s deletedWith`);
    }
    assert.equal(twin.labFolder, folder.resource);
    assert.deepEqual(
      twin.nodes.map(({ name, address, resource }) => [name, address, resource]),
      plan.nodes.map(({ name, address }) => [name, address, byName(name).resource]),
    );
  });

  it("opens the rules before a node sends, because every node depends on them", async () => {
    const { byName, plan } = await build({ encapsulation: "None" });
    for (const { name } of plan.nodes) assert.equal(byName(name).opts.dependsOn, byName("security").resource);
  });

  it("gives each resource what it depends on, and no secret", async () => {
    const { byName, resources, plan } = await build({});
    assert.equal(byName("folder").props.stack, "lab");
    assert.deepEqual(
      [byName("sandbox").props.folder, byName("network").props.on, byName("security").props.on],
      ["/a/folder", "b", "f"],
    );
    for (const { name } of plan.nodes) assert.equal(byName(name).props.on, "f");
    assert.match(byName("observation").props.revision, /r-.*Network r-.*Security( r-.*Node){4}/);
    assert.deepEqual(
      resources.flatMap(({ secrets }) => secrets),
      [],
    );
  });

  it("has the key of a tunnel between sites as a secret, made once unless the config has one", async () => {
    const topology = ["a", "b"].map((name, i) => ({ name, cidr: `10.0.${i}.0/24`, nodes: [`n${i}`] }));
    const sites = ["a", "b"].map((name) => ({ name, subnets: [name] }));
    const made = await build({ topology, sites });
    assert.match(made.byName("psk").type, /PresharedKey$/);
    const text = (key: string) => `0s${Buffer.from(key).toString("base64")}`;
    for (const [recording, key] of [
      [made, "made"],
      [await build({ topology, sites, link: { psk: "correct horse" } }), "correct horse"],
    ] as const) {
      const { props, secrets, opts } = recording.byName("link");
      assert.equal(props.state.psk, text(key));
      assert.deepEqual([secrets, opts.additionalSecretOutputs], [["state"], ["state"]]);
      assert.ok(
        recording.resources.every(({ name, secrets: other }) => name === "link" || other.length === 0),
      );
    }
    assert.ok(
      !(await build({ topology, sites, link: { psk: "correct horse" } })).resources.some(
        ({ name }) => name === "psk",
      ),
    );
  });

  it("registers its outputs once, after its own resources, and creates nothing inside an apply", async () => {
    const { outputs, twin, resources, late } = await build({});
    assert.deepEqual(
      outputs.map(({ component }) => component),
      [twin],
    );
    assert.equal(outputs[0]?.after, resources.length - 1, "only the observation comes after");
    // What an apply creates depends on values that a preview does not have.
    assert.deepEqual(
      late.filter(({ name }) => name !== "observation").map(({ name }) => name),
      [],
    );
  });

  it("stores provider code that loads the provider from the checkout, in any folder", async () => {
    const { resources } = await build({});
    const dynamic = resources.filter(({ props }) => props.__provider !== undefined);
    assert.equal(dynamic.length, resources.length - 1, "all except the component");
    const cwd = process.cwd();
    process.chdir(REPOSITORY);
    try {
      for (const { name, props } of dynamic) {
        const module: { handler?: () => Record<string, unknown> } = {};
        new Function("exports", "require", props.__provider)(module, require);
        const handler = module.handler?.();
        assert.deepEqual(Object.keys(handler ?? {}).sort(), ["create", "delete", "diff", "update"], name);
        assert.ok(!props.__provider.includes(REPOSITORY), `${name} names no folder of this machine`);
      }
    } finally {
      process.chdir(cwd);
    }
  });

  it("plays a cloud's plan when it is rehearsed, and otherwise refuses cloud hosts without machines", async () => {
    for (const cloud of ["aws", "openstack", "hosts"]) {
      const { plan } = await build({ cloud, rehearse: true });
      assert.equal(plan.cloud, cloud);
    }
    const config = parseConfig({ cloud: "hosts" });
    await assert.rejects(
      createMachines("lab", { plan: planLab(config), config, settings: {} }),
      (error) => error instanceof ConfigError && /must be a list of machines/.test(error.message),
    );
  });
});

describe("a dynamic resource's provider", () => {
  const calls: unknown[][] = [];
  const own: DynamicProvider<unknown, object> = {
    create: async (inputs) => {
      calls.push(["create", inputs]);
      return { made: 1 };
    },
    changed: async (inputs, recorded) => {
      calls.push(["changed", inputs, recorded]);
      return true;
    },
    update: async (inputs, recorded) => {
      calls.push(["update", inputs, recorded]);
      return { made: 2 };
    },
    remove: async (recorded) => {
      calls.push(["remove", recorded]);
    },
  };
  const provider = adapt(own, "id");

  it("records inputs together with outputs, never replaces, and passes on what was recorded", async () => {
    assert.deepEqual(await provider.create({ a: 1 }), { id: "id", outs: { a: 1, made: 1 } });
    assert.deepEqual(await provider.diff?.("id", { a: 1, made: 1 }, { a: 2 }), {
      changes: true,
      replaces: [],
    });
    assert.deepEqual(await provider.update?.("id", { a: 1, made: 1 }, { a: 2 }), { outs: { a: 2, made: 2 } });
    await provider.delete?.("id", { a: 2, made: 2 });
    assert.deepEqual(calls, [
      ["create", { a: 1 }],
      ["changed", { a: 2 }, { a: 1, made: 1 }],
      ["update", { a: 2 }, { a: 1, made: 1 }],
      ["remove", { a: 2, made: 2 }],
    ]);
  });
});
