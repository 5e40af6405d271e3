/** The security groups of one lab in each cloud's own words, as literals: every field that the cloud compares or shows. */
import assert from "node:assert/strict";
import type * as pulumi from "@pulumi/pulumi";
import { parseConfig } from "../../components/config";
import { planIngress } from "../../components/infrastructure/common";
import { planLab } from "../../components/plan";
import { buildAws, INGRESS, INSTANCE } from "../support/aws";
import { dependencies } from "../support/clouds";
import { ofType, type Recorded, resolved } from "../support/mocks";
import { buildOpenStack, GROUP, PORT, RULE } from "../support/openstack";

const OPERATOR = ["203.0.113.7/32", "198.51.100.0/24"];
/** A fault on one node, so that the rule for IP in IP has a group of its own, in which the other nodes are. */
const RAW = { encapsulation: "IPIPCrossSubnet", faults: [{ fault: "ipip-blocked", nodes: ["w2"] }] };

// Name: protocol, ports (- where EC2 gets none), source, in which group, description.
const EC2 = [
  "ssh-203.0.113.7-32: tcp 22 22 203.0.113.7/32 in encaplab-test, encaplab: ssh",
  "ssh-198.51.100.0-24: tcp 22 22 198.51.100.0/24 in encaplab-test, encaplab: ssh",
  "api-operator-203.0.113.7-32: tcp 6443 6443 203.0.113.7/32 in encaplab-test, encaplab: api-operator",
  "api-operator-198.51.100.0-24: tcp 6443 6443 198.51.100.0/24 in encaplab-test, encaplab: api-operator",
  "nodeport-203.0.113.7-32: tcp 30000 32767 203.0.113.7/32 in encaplab-test, encaplab: nodeport",
  "nodeport-198.51.100.0-24: tcp 30000 32767 198.51.100.0/24 in encaplab-test, encaplab: nodeport",
  "nodes-tcp-1: tcp 1 178 encaplab-test-id in encaplab-test, encaplab: nodes-tcp-1",
  "nodes-tcp-180: tcp 180 2378 encaplab-test-id in encaplab-test, encaplab: nodes-tcp-180",
  "nodes-tcp-2381: tcp 2381 65535 encaplab-test-id in encaplab-test, encaplab: nodes-tcp-2381",
  "nodes-udp-1: udp 1 4788 encaplab-test-id in encaplab-test, encaplab: nodes-udp-1",
  "nodes-udp-4790: udp 4790 65535 encaplab-test-id in encaplab-test, encaplab: nodes-udp-4790",
  "icmp: icmp -1 -1 encaplab-test-id in encaplab-test, encaplab: icmp",
  "bgp: tcp 179 179 encaplab-test-id in encaplab-test, encaplab: bgp",
  // The source is the group of all nodes also where the rule is for some nodes.
  "ipip-others: 4 -1 -1 encaplab-test-id in encaplab-test-ipip-others, encaplab: ipip",
  "pod-cidr: -1 - - 172.16.0.0/16 in encaplab-test, encaplab: pod-cidr",
];

// As above, and the direction first. Neutron takes no ports for ICMP and IP in IP, and no protocol for all of them.
const NEUTRON = [
  "ssh-203.0.113.7-32: ingress IPv4 tcp 22 22 203.0.113.7/32 in nodes, encaplab: ssh",
  "ssh-198.51.100.0-24: ingress IPv4 tcp 22 22 198.51.100.0/24 in nodes, encaplab: ssh",
  "api-operator-203.0.113.7-32: ingress IPv4 tcp 6443 6443 203.0.113.7/32 in nodes, encaplab: api-operator",
  "api-operator-198.51.100.0-24: ingress IPv4 tcp 6443 6443 198.51.100.0/24 in nodes, encaplab: api-operator",
  "nodeport-203.0.113.7-32: ingress IPv4 tcp 30000 32767 203.0.113.7/32 in nodes, encaplab: nodeport",
  "nodeport-198.51.100.0-24: ingress IPv4 tcp 30000 32767 198.51.100.0/24 in nodes, encaplab: nodeport",
  "nodes-tcp-1: ingress IPv4 tcp 1 178 nodes-id in nodes, encaplab: nodes-tcp-1",
  "nodes-tcp-180: ingress IPv4 tcp 180 2378 nodes-id in nodes, encaplab: nodes-tcp-180",
  "nodes-tcp-2381: ingress IPv4 tcp 2381 65535 nodes-id in nodes, encaplab: nodes-tcp-2381",
  "nodes-udp-1: ingress IPv4 udp 1 4788 nodes-id in nodes, encaplab: nodes-udp-1",
  "nodes-udp-4790: ingress IPv4 udp 4790 65535 nodes-id in nodes, encaplab: nodes-udp-4790",
  "icmp: ingress IPv4 icmp - - nodes-id in nodes, encaplab: icmp",
  "bgp: ingress IPv4 tcp 179 179 nodes-id in nodes, encaplab: bgp",
  "ipip-others: ingress IPv4 4 - - nodes-id in ipip-others, encaplab: ipip",
  "pod-cidr: ingress IPv4 - - - 172.16.0.0/16 in nodes, encaplab: pod-cidr",
  "all-out: egress IPv4 - - - - in nodes, encaplab: all-out",
];

/** A rule's fields in one line; an absent one is a hyphen. */
function lineOf({ name, props }: Recorded, fields: readonly string[], ...sources: string[]): string {
  const source = sources.map((key) => props[key]).filter(Boolean);
  assert.ok(source.length <= 1, `${name} has one source`);
  const words = [...fields.map((key) => props[key]), source[0]].map((value) => value ?? "-");
  const group = props.securityGroupId.replace(/-id$/, "");
  return `${name}: ${words.join(" ")} in ${group}, ${props.description}`;
}

/** The names of the resources that a resource is deleted with, and whether it belongs to a component. */
const ownersOf = async ({ name, opts }: Recorded) => {
  const owner = opts.deletedWith && (await resolved((opts.deletedWith as pulumi.Resource).urn));
  return [name, opts.parent !== undefined, owner?.split("::").at(-1)];
};

/** Every rule, and those that each of some resources waits for, by name. */
const rulesAwaited = async (rules: readonly Recorded[], waiting: readonly Recorded[]) => {
  const nameOf = (one: pulumi.Resource) => rules.find(({ resource }) => resource === one)?.name;
  const awaited = await Promise.all(
    waiting.map(async (one) => (await dependencies(one)).map(nameOf).filter((name) => name !== undefined)),
  );
  return { all: rules.map(({ name }) => name), awaited };
};

describe("the security groups of a lab on AWS", () => {
  const SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup";
  let resources: readonly Recorded[];
  beforeEach(async () => {
    ({ resources } = await buildAws(RAW, { operatorCidrs: OPERATOR }));
  });

  it("have these rules, in EC2's words", () => {
    const fields = ["ipProtocol", "fromPort", "toPort"];
    assert.deepEqual(
      ofType(resources, INGRESS).map((one) =>
        lineOf(one, fields, "cidrIpv4", "referencedSecurityGroupId", "prefixListId", "cidrIpv6"),
      ),
      EC2,
    );
    for (const { name, props } of ofType(resources, INGRESS)) assert.equal(props.tags.Name, `test-${name}`);
  });

  it("let everything out, by one rule of the group of all nodes", () => {
    const egress = resources.filter(({ type }) => type.endsWith("SecurityGroupEgressRule"));
    assert.deepEqual(
      egress.map(({ name, props: { tags, ...props } }) => [name, tags.Name, props]),
      [
        [
          "all-out",
          "test-all-out",
          { securityGroupId: "encaplab-test-id", ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" },
        ],
      ],
    );
  });

  it("are in the lab's VPC, never change their description, and hold the nodes", () => {
    assert.deepEqual(
      ofType(resources, SECURITY_GROUP).map(({ name, props }) => [
        name,
        props.vpcId,
        props.description,
        props.tags.Name,
      ]),
      [
        ["encaplab-test", "vpc-id", "The nodes of an encaplab lab", "test-nodes"],
        ["encaplab-test-ipip-others", "vpc-id", "Some nodes of an encaplab lab", "test-ipip-others"],
      ],
    );
    const all = ["encaplab-test-id", "encaplab-test-ipip-others-id"];
    assert.deepEqual(
      ofType(resources, INSTANCE).map(({ name, props }) => [name, props.vpcSecurityGroupIds]),
      [
        ["cp1", all],
        ["w1", all],
        ["w2", all.slice(0, 1)],
        ["w3", all],
      ],
    );
  });

  it("are the lab's, and take their rules with them; a rule is replaced when its CIDR changes", async () => {
    for (const rule of resources.filter(({ type }) => /gressRule$/.test(type))) {
      const owner = rule.name === "ipip-others" ? "encaplab-test-ipip-others" : "encaplab-test";
      assert.deepEqual(await ownersOf(rule), [rule.name, true, owner]);
      const replaced = rule.type === INGRESS ? ["cidrIpv4"] : undefined;
      assert.deepEqual(rule.opts.replaceOnChanges, replaced, rule.name);
    }
    for (const group of ofType(resources, SECURITY_GROUP))
      assert.deepEqual(await ownersOf(group), [group.name, true, undefined]);
  });

  it("have all their rules before a machine sends its first packet", async () => {
    const rules = resources.filter(({ type }) => /gressRule$/.test(type));
    const { all, awaited } = await rulesAwaited(rules, ofType(resources, INSTANCE));
    assert.deepEqual(awaited, [all, all, all, all]);
  });
});

describe("the security groups of a lab on OpenStack", () => {
  let resources: readonly Recorded[];
  beforeEach(async () => {
    ({ resources } = await buildOpenStack(RAW, { operatorCidrs: OPERATOR }));
  });

  it("have these rules, in Neutron's words", () => {
    const fields = ["direction", "ethertype", "protocol", "portRangeMin", "portRangeMax"];
    assert.deepEqual(
      ofType(resources, RULE).map((one) =>
        lineOf(one, fields, "remoteIpPrefix", "remoteGroupId", "remoteAddressGroupId"),
      ),
      NEUTRON,
    );
  });

  it("have none of the cloud's own rules, and hold the nodes' ports", () => {
    assert.deepEqual(
      ofType(resources, GROUP).map(({ name, props }) => [name, props.name, props.deleteDefaultRules]),
      [
        ["nodes", "test-nodes", true],
        ["ipip-others", "test-ipip-others", true],
      ],
    );
    const all = ["nodes-id", "ipip-others-id"];
    assert.deepEqual(
      ofType(resources, PORT).map(({ name, props }) => [name, props.securityGroupIds]),
      [
        ["cp1", all],
        ["w1", all],
        ["w2", all.slice(0, 1)],
        ["w3", all],
      ],
    );
  });

  it("have all their rules before a port sends its first packet", async () => {
    const { all, awaited } = await rulesAwaited(ofType(resources, RULE), ofType(resources, PORT));
    assert.deepEqual(awaited, [all, all, all, all]);
  });

  it("are the lab's, and take their rules with them", async () => {
    for (const rule of ofType(resources, RULE)) {
      const owner = rule.name === "ipip-others" ? "ipip-others" : "nodes";
      assert.deepEqual(await ownersOf(rule), [rule.name, true, owner]);
    }
    for (const group of ofType(resources, GROUP))
      assert.deepEqual(await ownersOf(group), [group.name, true, undefined]);
  });
});

describe("the open rules of a plan, split by source", () => {
  it("leave out what a fault closes everywhere, and have no exception without a fault on some nodes", () => {
    const plan = planLab(
      parseConfig({ cloud: "aws", encapsulation: "IPIPCrossSubnet", faults: ["ipip-blocked"] }),
    );
    const rules = planIngress(plan, OPERATOR);
    assert.deepEqual(
      rules.map(({ name }) => name),
      EC2.map((line) => line.split(":")[0]).filter((name) => name !== "ipip-others"),
    );
    for (const rule of rules) assert.ok(!("except" in rule), rule.name);
    // A protocol without ports has no key for them: an undefined one would be a difference in the state.
    assert.deepEqual(rules.at(-1), {
      name: "pod-cidr",
      rule: "pod-cidr",
      protocol: "all",
      source: { cidr: "172.16.0.0/16" },
    });
  });
});
