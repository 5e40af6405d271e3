/** The resource options on AWS: what is deleted with what, what depends on what, what is never replaced. */
import assert from "node:assert/strict";
import type * as pulumi from "@pulumi/pulumi";
import { ENCAPSULATIONS, FAULTS } from "../../../components/config";
import { FAULT_FACTS } from "../../../components/plan";
import { buildAws, INGRESS, INSTANCE } from "../../support/aws";
import { named, ofType, type Recorded, type Recording, resolved } from "../../support/mocks";

const FAULTS_HERE = FAULTS.filter((fault) => FAULT_FACTS[fault].fabrics.includes("aws"));
const CASES = ENCAPSULATIONS.flatMap((encapsulation) =>
  [[], ...FAULTS_HERE.map((fault) => [fault])].map((faults) => ({ encapsulation, faults })),
);

const urn = (resource: pulumi.Resource | undefined) => (resource ? resolved(resource.urn) : undefined);
const without = (props: Recorded["props"], ...keys: string[]) =>
  Object.fromEntries(Object.entries(props).filter(([key]) => !keys.includes(key)));
const dependencies = async ({ opts }: Recorded): Promise<string[]> =>
  Promise.all(
    [await resolved(opts.dependsOn as pulumi.Input<pulumi.Resource[]>)]
      .flat()
      .map((one) => resolved(one.urn)),
  ) as Promise<string[]>;

describe("the resources of AWS, in every mode with every fault", function () {
  this.timeout(120_000);
  const built: { title: string; recording: Recording<pulumi.Resource>; raw: (typeof CASES)[number] }[] = [];
  before(async () => {
    for (const raw of CASES) {
      const recording = await buildAws({ ...raw, podRoutes: true });
      built.push({ title: `${raw.encapsulation} ${raw.faults.join()}`, recording, raw });
    }
  });

  it("are all children of the component, created in its constructor", () => {
    for (const { title, recording } of built) {
      assert.deepEqual(recording.late, [], title);
      const [component, ...children] = recording.resources;
      assert.equal(component?.type, "encaplab:aws:Aws");
      for (const { name, opts } of children)
        assert.equal(opts.parent, component?.resource, `${title}: ${name}`);
    }
  });

  it("are all created before the component registers its outputs, which it does once", () => {
    for (const { title, recording } of built)
      assert.deepEqual(
        recording.outputs.map(({ after }) => after),
        [recording.resources.length],
        title,
      );
  });

  it("never replace or restart a machine: a mode or a fault changes only its source/dest check", () => {
    const [first] = built;
    for (const { title, recording } of built) {
      for (const { name, props } of ofType(recording.resources, INSTANCE)) {
        const before = named(first?.recording.resources ?? [], INSTANCE, name).props;
        assert.deepEqual(without(props, "sourceDestCheck"), without(before, "sourceDestCheck"), title);
      }
    }
  });

  it("change only rules and source/dest checks between modes and faults", () => {
    const rest = (recording: Recording<pulumi.Resource> | undefined) =>
      recording?.resources
        .filter(({ type }) => type !== INGRESS && type !== INSTANCE)
        .map(({ type, name, props }) => ({ type, name, props }));
    for (const { title, recording } of built)
      assert.deepEqual(rest(recording), rest(built[0]?.recording), title);
  });

  it("never change a rule in place: a name stands for the same rule in every mode", () => {
    const rules = new Map<string, Recorded["props"]>();
    for (const { title, recording } of built) {
      for (const { name, props } of ofType(recording.resources, INGRESS)) {
        const known = rules.get(name) ?? props;
        assert.deepEqual(props, known, `${title}: ${name}`);
        rules.set(name, known);
      }
    }
  });

  it("turn the source/dest check off when pod addresses leave a node, unless a fault keeps it on", () => {
    for (const { title, recording, raw } of built) {
      const direct = ["None", "IPIPCrossSubnet", "VXLANCrossSubnet"].includes(raw.encapsulation);
      const on = !direct || raw.faults.includes("source-dest-check");
      for (const { props } of ofType(recording.resources, INSTANCE))
        assert.equal(props.sourceDestCheck, on, title);
    }
  });

  it("create every rule and the route to the internet before the machines", async () => {
    for (const { title, recording } of built) {
      const needed = recording.resources.filter(({ type }) =>
        /GroupRule|gressRule|RouteTableAssociation/.test(type),
      );
      const first = [...needed, named(recording.resources, "aws:ec2/route:Route", "internet")];
      const urns = await Promise.all(first.map(({ resource }) => urn(resource)));
      for (const instance of ofType(recording.resources, INSTANCE)) {
        const waits = await dependencies(instance);
        for (const one of urns) assert.ok(waits.includes(`${one}`), `${title}: ${one}`);
      }
    }
  });

  it("are deleted with what contains them: rules with the group, routes with their table", () => {
    for (const { title, recording } of built) {
      const group = ofType(recording.resources, "aws:ec2/securityGroup:SecurityGroup")[0]?.resource;
      const table = ofType(recording.resources, "aws:ec2/routeTable:RouteTable")[0]?.resource;
      for (const { type, opts, name } of recording.resources) {
        if (/gressRule$/.test(type)) assert.equal(opts.deletedWith, group, `${title}: ${name}`);
        else if (type === "aws:ec2/route:Route") assert.equal(opts.deletedWith, table, `${title}: ${name}`);
        else assert.equal(opts.deletedWith, undefined, `${title}: ${name}`);
      }
    }
  });

  it("replace a rule when its CIDR changes, and create the new rule first", () => {
    for (const { title, recording } of built) {
      for (const { opts, name } of ofType(recording.resources, INGRESS)) {
        assert.deepEqual(opts.replaceOnChanges, ["cidrIpv4"], `${title}: ${name}`);
        assert.ok(!opts.deleteBeforeReplace, `${title}: ${name}`);
      }
    }
  });

  it("ignore changes in what only the first boot reads", () => {
    for (const { recording } of built) {
      for (const { opts } of ofType(recording.resources, INSTANCE)) {
        assert.deepEqual([...(opts.ignoreChanges ?? [])].sort(), [
          "ami",
          "associatePublicIpAddress",
          "keyName",
          "userData",
        ]);
        assert.equal(opts.deleteBeforeReplace, true);
        assert.equal(opts.replaceOnChanges, undefined);
      }
    }
  });

  it("ignore changes in a machine's security groups when the user has set EC2's endpoint, which may not show them", async () => {
    const { resources } = await buildAws({}, undefined, true);
    for (const { opts, props } of ofType(resources, INSTANCE)) {
      assert.ok(opts.ignoreChanges?.includes("vpcSecurityGroupIds"));
      assert.equal(props.vpcSecurityGroupIds.length, 1);
    }
  });

  it("name protocol 4 by number, with the ports that EC2 shows for it, and all protocols without ports", async () => {
    const { resources } = await buildAws({ encapsulation: "IPIPCrossSubnet" });
    const words = (name: string) => {
      const { ipProtocol, fromPort, toPort } = named(resources, INGRESS, name).props;
      return [ipProtocol, fromPort, toPort];
    };
    assert.deepEqual(words("ipip"), ["4", -1, -1]);
    assert.deepEqual(words("icmp"), ["icmp", -1, -1]);
    assert.deepEqual(words("pod-cidr"), ["-1", undefined, undefined]);
    assert.deepEqual(words("bgp"), ["tcp", 179, 179]);
  });

  it("mark user data and private keys as secret", () => {
    for (const { recording } of built) {
      for (const { secrets } of ofType(recording.resources, INSTANCE))
        assert.deepEqual(secrets, ["userData"]);
      const keys = recording.resources.filter(({ type }) => type.endsWith("encaplab:KeyPair"));
      assert.ok(keys.length > 1);
      for (const { opts } of keys) assert.deepEqual(opts.additionalSecretOutputs, ["privateKey"]);
    }
  });

  it("have the lab's tags wherever EC2 takes tags", () => {
    const untagged = /:(Route|RouteTableAssociation|KeyPair|Beginning|Aws)$/;
    for (const { title, recording } of built) {
      for (const { type, name, props } of recording.resources) {
        if (untagged.test(type) && !type.startsWith("aws:ec2/keyPair")) continue;
        const { Name, ...tags } = props.tags;
        assert.match(Name, /^test-/, `${title}: ${name}`);
        assert.deepEqual(tags, { project: "encaplab", stack: "test", owner: "ada" }, `${title}: ${name}`);
      }
    }
  });
});

describe("the choices of a stack on AWS", () => {
  it("replace a machine for a new image id in the config, and a spot machine for a new type", async () => {
    const { resources } = await buildAws({ aws: { imageId: "ami-0123456789abcdef0", spot: true } });
    for (const { opts, props } of ofType(resources, INSTANCE)) {
      assert.ok(!opts.ignoreChanges?.includes("ami"));
      assert.deepEqual(opts.replaceOnChanges, ["instanceType"]);
      assert.equal(props.instanceMarketOptions.marketType, "spot");
    }
  });

  it("use the user's own public key, without a private key in the state", async () => {
    const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHkun8 ada";
    const { resources, result } = await buildAws({ aws: { publicKey, user: "rocky" } });
    assert.equal(ofType(resources, "aws:ec2/keyPair:KeyPair")[0]?.props.publicKey, publicKey);
    assert.ok(!resources.some(({ type, name }) => type.endsWith("encaplab:KeyPair") && name === "login"));
    assert.equal(result.nodes[0]?.connection.privateKey, undefined);
    assert.equal(result.nodes[0]?.connection.user, "rocky");
  });

  it("set the tags owner and expiry, with the expiry counted from the beginning", async () => {
    const { resources, result } = await buildAws({ aws: { owner: "grace", ttl: "8h" } });
    const { owner, expiry } = named(resources, INSTANCE, "cp1").props.tags;
    assert.deepEqual([owner, expiry], ["grace", "2026-01-01T08:00:00Z"]);
    assert.equal(await resolved(result.expiry ?? ""), expiry);
  });

  it("route each block to its node's interface, only with podRoutes", async () => {
    const routes = async (podRoutes: boolean) => {
      const { resources } = await buildAws({ podRoutes });
      return ofType(resources, "aws:ec2/route:Route").filter(({ name }) => name !== "internet");
    };
    assert.deepEqual(await routes(false), []);
    assert.deepEqual(
      (await routes(true)).map(({ props }) => [props.destinationCidrBlock, props.networkInterfaceId]),
      [
        ["172.16.0.0/26", "eni-cp1"],
        ["172.16.0.64/26", "eni-w1"],
        ["172.16.0.128/26", "eni-w2"],
        ["172.16.0.192/26", "eni-w3"],
      ],
    );
  });
});
