/** The resource options on AWS: what is deleted with what, what depends on what, what is never replaced. */
import assert from "node:assert/strict";
import { buildAws, INGRESS, INSTANCE, LAB } from "../../support/aws";
import {
  type Built,
  CLOUDS,
  type CloudUnderTest,
  dependencies,
  everyMode,
  isDirect,
} from "../../support/clouds";
import { named, ofType, resolved } from "../../support/mocks";

const AWS = CLOUDS.find(({ cloud }) => cloud === "aws") as CloudUnderTest;

describe("the resources of AWS alone, in every mode with every fault", function () {
  this.timeout(120_000);
  let built: Built[];
  before(async () => {
    built = await everyMode(AWS);
  });

  it("turn the source/dest check off when pod addresses leave a node, unless a fault keeps it on", () => {
    for (const one of built) {
      const { title, recording, raw } = one;
      const on = !isDirect(one) || raw.faults.includes("source-dest-check");
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
      for (const instance of ofType(recording.resources, INSTANCE)) {
        const waits = await dependencies(instance);
        for (const { name, resource } of first) assert.ok(waits.includes(resource), `${title}: ${name}`);
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
    const { resources } = await buildAws({}, { ownEndpoint: true });
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

  it("have the lab's tags wherever EC2 takes tags", () => {
    const untagged = /:(Route|RouteTableAssociation|KeyPair|Beginning|Aws)$/;
    for (const { title, recording } of built) {
      for (const { type, name, props } of recording.resources) {
        if (untagged.test(type) && !type.startsWith("aws:ec2/keyPair")) continue;
        const { Name, ...tags } = props.tags;
        assert.match(Name, /^test-/, `${title}: ${name}`);
        assert.deepEqual(
          tags,
          { project: "encaplab", stack: "test", lab: LAB, owner: "ada" },
          `${title}: ${name}`,
        );
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

  it("output the expiry, counted from the beginning", async () => {
    const { result } = await buildAws({ aws: { ttl: "8h" } });
    assert.equal(await resolved(result.expiry ?? ""), "2026-01-01T08:00:00Z");
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
