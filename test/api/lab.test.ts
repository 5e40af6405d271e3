import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { Lab, type LabArgs } from "../../components/lab";
import { ONLY_HERE } from "../../components/remote/types";
import { EVERY_CLOUD } from "../support/answers";
import { MANIFEST } from "../support/calico-manifest";
import { type Answers, type Recording, record } from "../support/mocks";
import { quietly } from "../support/quiet";
import { registrationsOf } from "../support/registrations";

/** Builds a lab, and waits for all of it. */
const build = (name: string, args: LabArgs, answers = EVERY_CLOUD): Promise<Recording<Lab>> =>
  quietly(async () => {
    const recording = await record((options) => new Lab(name, args, options), answers);
    await recording.result.outputs;
    return recording;
  });

describe("a lab as one component", () => {
  let files: string;
  before(() => {
    files = mkdtempSync(join(tmpdir(), "encaplab-lab-"));
    writeFileSync(join(files, "calico.yaml"), MANIFEST);
    writeFileSync(join(files, "key"), "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n");
  });
  after(() => rmSync(files, { recursive: true, force: true }));

  /** A lab on two existing machines. */
  const machines = (changes: LabArgs = {}): LabArgs => ({
    cloud: "hosts",
    calico: { manifest: join(files, "calico.yaml") },
    hosts: {
      privateKeyFile: join(files, "key"),
      machines: [
        { name: "cp1", address: "192.168.10.10", subnet: "192.168.10.0/24" },
        { name: "w1", address: "192.168.10.11", subnet: "192.168.10.0/24" },
      ],
    },
    ...changes,
  });

  it("builds nothing elsewhere when the command line did not ask, whatever the engine's config says", async () => {
    process.env[ONLY_HERE] = "1";
    try {
      await build("study", {});
      const refused = await record((options) => new Lab("study", machines(), options), EVERY_CLOUD).catch(
        (e) => e,
      );
      assert.match(
        String(refused),
        /Nothing was built: .* did not ask, but the engine's config says cloud: hosts/,
      );
    } finally {
      delete process.env[ONLY_HERE];
    }
    await build("study", machines());
  });

  it("has its plan, its verdict and its outputs, with what is known at once outside any Output", async () => {
    const { result: lab } = await build("study", { encapsulation: "VXLAN" });
    assert.equal(lab.plan.encapsulation, "VXLAN");
    assert.ok(lab.verdict.paths.every(({ outcome }) => outcome === "works"));
    const outputs = await lab.outputs;
    assert.deepEqual(
      outputs.nodes.map(({ name, address }) => [name, address]),
      lab.plan.nodes.map(({ name, address }) => [name, address]),
    );
    assert.ok(pulumi.Output.isInstance(outputs.observation));
    assert.equal(outputs.kubeconfig, undefined);
  });

  it("gives every resource a name that begins with the lab's own, and a place below the lab", async () => {
    for (const args of [{}, machines()]) {
      const { resources, result: lab } = await build("study", args);
      const parents = new Map(resources.map(({ resource, opts }) => [resource, opts.parent]));
      for (const { name, resource } of resources) {
        if (resource === lab) continue;
        assert.match(name, /^(study-|test-study$)/);
        let above = parents.get(resource);
        while (above && above !== lab) above = parents.get(above);
        assert.equal(above, lab, `${name} is below the lab`);
      }
    }
  });

  it("takes another beginning of the names, and none at all", async () => {
    const named = async (prefix: string) =>
      (await build("study", { prefix })).resources.map(({ name }) => name);
    assert.ok((await named("east.")).includes("east.w1"));
    const short = await named("");
    assert.ok(short.includes("w1") && short.includes("test"), short.join());
  });

  it("puts the stack and the lab into the name of its folder, and only the stack if its names are short", async () => {
    const folderOf = async (args: LabArgs) =>
      (await build("study", args)).resources.find(({ type }) => type.endsWith(":TwinFolder"))?.props.stack;
    assert.equal(await folderOf({}), "test-study");
    assert.equal(await folderOf({ prefix: "" }), "test");
  });

  it("registers its outputs once, after its last resource, on the twin and on machines", async () => {
    for (const args of [{}, machines()]) {
      const { outputs, resources, result: lab } = await build("study", args);
      const own = outputs.filter(({ component }) => component === lab);
      assert.deepEqual(own, [{ component: lab, after: resources.length }]);
    }
  });

  it("gives a cluster's kubeconfig as a secret, and measures the cluster once its pod network is in place", async () => {
    const { resources, result: lab } = await build("study", machines({ study: { image: "tools:1" } }));
    const { kubeconfig } = await lab.outputs;
    assert.ok(kubeconfig && (await pulumi.isSecret(kubeconfig)));
    const names = resources.map(({ name }) => name);
    const at = resources.findIndex(({ type }) => type.endsWith(":ClusterObservation"));
    assert.ok(at > Math.max(...names.flatMap((name, i) => (name.includes("routes-") ? [i] : []))));
    const { image, plan } = (resources[at]?.props ?? {}) as {
      image: string;
      plan: { encapsulation: string };
    };
    assert.deepEqual([image, plan.encapsulation], ["tools:1", lab.plan.encapsulation]);
  });

  it("measures nothing with observe: false, on machines and on the twin, and says so in its outputs", async () => {
    for (const args of [machines({ observe: false }), { observe: false }]) {
      const { resources, result: lab } = await build("study", args);
      assert.equal((await lab.outputs).observation, "not measured");
      const measures = resources.filter(
        ({ type, props }) => /:(Cluster)?Observation$/.test(type) && props.measure !== false,
      );
      assert.deepEqual(measures, []);
    }
  });

  const access = { accessCidrs: ["203.0.113.7/32"] };
  const labs: Record<string, () => LabArgs> = {
    "on the twin": () => ({}),
    "on machines": () => machines(),
    "on node containers": () => machines({ hosts: { machines: "containers" } }),
    "without Calico": () => machines({ calico: { install: "none" }, encapsulation: "None" }),
    "on AWS": () => machines({ cloud: "aws", hosts: undefined, aws: { region: "eu-central-1", ...access } }),
    "on OpenStack": () =>
      machines({
        cloud: "openstack",
        hosts: undefined,
        openstack: { image: "ubuntu-24.04", flavor: "m1.medium", ...access },
        providerSettings: { authUrl: "http://127.0.0.1:9/v3" },
      }),
  };
  for (const [where, args] of Object.entries(labs)) {
    it(`can be in one program with another lab that has the same config: ${where}`, async () => {
      const both = () => Promise.all(["east", "west"].map((name) => new Lab(name, args()).outputs));
      const urns = (await registrationsOf(both, "test", {}, EVERY_CLOUD)).map(({ urn }) => urn);
      assert.ok(urns.length > 10, urns.join("\n"));
      assert.deepEqual(
        urns.filter((urn, i) => urns.indexOf(urn) !== i),
        [],
      );
    });
  }

  it("says how to save the private key only if its outputs are the stack's own, whose names are known", async () => {
    const containers = machines({ hosts: { machines: "containers" } });
    const own = await (await build("study", containers)).result.outputs;
    assert.ok(own.privateKey);
    assert.equal(own.login, undefined);
    const { login } = await (await build("study", { ...containers, prefix: "" })).result.outputs;
    assert.match(login ?? "", /pulumi -s test stack output privateKey --show-secrets > test\.key/);
  });

  it("ends at the machines with cluster: none", async () => {
    const { resources, result } = await build("study", machines({ cluster: "none" }));
    const types = resources.map(({ type }) => type);
    assert.ok(types.includes("encaplab:hosts:Hosts"));
    assert.deepEqual(
      types.filter((type) => /^(command|kubernetes|encaplab:(cluster|calico)):/.test(type)),
      [],
    );
    assert.equal((await result.outputs).kubeconfig, undefined);
  });

  it("joins its site to the peer's by an instance of its own also with cluster: none, and says how to log in there", async () => {
    const link = { peer: "site-openstack", gateway: "instance" as const };
    const accessCidrs = ["203.0.113.7/32"];
    const aws = { region: "eu-central-1", accessCidrs };
    const call: Answers["call"] = (token, inputs) => {
      if (!token.endsWith(":readStackOutputs")) return EVERY_CLOUD.call?.(token, inputs) ?? {};
      throw Object.assign(new Error(), { details: 'unknown stack "site-openstack"' });
    };
    const lab = { cloud: "aws" as const, cluster: "none" as const, aws, link };
    const { resources, result } = await build("study", lab, { ...EVERY_CLOUD, call });
    const types = resources.map(({ type }) => type);
    assert.deepEqual(
      types.filter((type) => /^encaplab:(cluster|calico):/.test(type)),
      ["encaplab:cluster:PeerLink"],
    );
    const outputs = await result.outputs;
    assert.deepEqual([outputs.kubeconfig, outputs.site?.joined], [undefined, false]);
    assert.ok(outputs.siteGateway);
  });

  it("fails with every problem of its config as a RunError, and registers nothing", async () => {
    const args = { encapsulation: "GRE", blockSize: 99 } as unknown as LabArgs;
    let failed: unknown;
    const { resources } = await record(() => {
      try {
        new Lab("study", args);
      } catch (error) {
        failed = error;
      }
    });
    assert.ok(pulumi.RunError.isInstance(failed));
    assert.match((failed as Error).message, /encaplab:encapsulation is "GRE": must be one of/);
    assert.match((failed as Error).message, /encaplab:blockSize is 99: must be a whole number from 20 to 30/);
    assert.deepEqual(resources, []);
  });

  it("fails in the same way when only this machine knows what is wrong: outputs are refused", async () => {
    const wrong: [LabArgs, RegExp][] = [
      [{ cloud: "hosts", cluster: "none" }, /encaplab:hosts\.machines is \(not set\): must be a list/],
      [machines({ calico: { manifest: join(files, "nothing") } }), /encaplab:calico\.manifest is /],
    ];
    for (const [args, message] of wrong) {
      const { result, resources } = await quietly(() =>
        record((options) => {
          const lab = new Lab("study", args, options);
          lab.outputs.catch(() => {});
          return lab;
        }),
      );
      await assert.rejects(result.outputs, (error) => {
        assert.ok(pulumi.RunError.isInstance(error), String(error));
        assert.match((error as Error).message, message);
        return true;
      });
      assert.deepEqual(
        resources.map(({ name }) => name),
        ["study"],
      );
    }
  });
});
