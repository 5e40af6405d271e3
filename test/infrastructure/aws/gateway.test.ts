/** The VPC's end of a tunnel as an instance: its group, the routes by it, and what it costs. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { machineOutputs } from "../../../components/infrastructure";
import { wantedBy } from "../../../components/infrastructure/aws/recovery";
import { buildAws, INGRESS, INSTANCE } from "../../support/aws";
import { named, ofType, resolved } from "../../support/mocks";
import { OPENSTACK_SITE } from "../../support/peer-sites";
import { planOf } from "../../support/problems";

const ROUTE = "aws:ec2/route:Route";
const GROUP = "aws:ec2/securityGroup:SecurityGroup";
const GATEWAY = "site-gateway";

/** L15's VPC, whose gateway is an instance, and whose peer is the stack of L15's office. */
const VPC = {
  topology: [{ name: "vpc", cidr: "172.31.0.0/16", nodes: ["cp1", "w1"] }],
  podCidr: "10.244.0.0/16",
  link: { peer: "site-openstack", gateway: "instance" },
};

describe("the VPC's gateway on an instance", () => {
  it("is one more instance, without a source/dest check and in a group of its own, and no VPN connection", async () => {
    const { resources, result, late } = await buildAws(VPC, { peer: OPENSTACK_SITE });
    for (const { type, name } of resources) assert.doesNotMatch(type, /vpn|customerGateway/i, name);
    const { props } = named(resources, INSTANCE, GATEWAY);
    assert.deepEqual(
      [props.privateIp, props.sourceDestCheck, props.vpcSecurityGroupIds, props.tags.Name],
      ["172.31.255.254", false, [`encaplab-test-${GATEWAY}-id`], `test-${GATEWAY}`],
    );
    assert.ok(named(resources, GROUP, `encaplab-test-${GATEWAY}`));
    assert.deepEqual(
      ofType(resources, INSTANCE)
        .filter(({ name }) => name !== GATEWAY)
        .map((one) => one.props.vpcSecurityGroupIds),
      [["encaplab-test-id"], ["encaplab-test-id"]],
    );
    const { site, siteKey } = machineOutputs("test", result);
    const { address, joined } = (await resolved(site)) ?? {};
    assert.deepEqual([address, joined, await resolved(siteKey)], ["198.51.100.7", true, "made by encaplab"]);
    assert.equal(late.length, 0);
  });

  it("says its address before the other stack has one: each may come up first", async () => {
    const { result } = await buildAws(VPC);
    const { site, siteKey } = machineOutputs("test", result);
    const { address, joined } = (await resolved(site)) ?? {};
    assert.deepEqual([address, joined], ["198.51.100.7", false]);
    assert.equal(await resolved(siteKey), "made by encaplab");
    assert.equal(result.end?.gateway?.tunnel, undefined);
  });

  it("lets IKE and ESP in from the peer's address alone, and the nodes' packets", async () => {
    const { resources } = await buildAws(VPC, { peer: OPENSTACK_SITE });
    assert.deepEqual(
      ofType(resources, INGRESS)
        .filter(({ props }) => props.securityGroupId === `encaplab-test-${GATEWAY}-id`)
        .map(({ props }) => [
          props.ipProtocol,
          props.fromPort,
          props.toPort,
          props.cidrIpv4 ?? props.referencedSecurityGroupId,
        ]),
      [
        ["tcp", 22, 22, "203.0.113.7/32"],
        ["-1", undefined, undefined, "encaplab-test-id"],
        ["udp", 500, 500, "198.51.100.99/32"],
        ["udp", 4500, 4500, "198.51.100.99/32"],
        ["50", -1, -1, "198.51.100.99/32"],
      ],
    );
  });

  it("is where the VPC's route table sends what is for the peer's ranges", async () => {
    const { resources } = await buildAws(VPC, { peer: OPENSTACK_SITE });
    const { props } = named(resources, ROUTE, `${GATEWAY}-192.168.1.0-24`);
    assert.deepEqual(props, {
      routeTableId: "routes-id",
      destinationCidrBlock: "192.168.1.0/24",
      networkInterfaceId: `eni-${GATEWAY}`,
    });
    const plan = planOf({ cloud: "aws", ...VPC });
    assert.ok(wantedBy(plan, ["192.168.1.0/24"])("192.168.1.0/24"), "a killed run may have left it");
  });

  it("answers the other end, unless it is told to start the tunnel, also with IKEv1", async () => {
    const tunnelOf = async (link: object, peer = OPENSTACK_SITE) => {
      const { result } = await buildAws({ ...VPC, link: { ...VPC.link, ...link } }, { peer });
      const tunnel = result.end?.gateway?.tunnel;
      assert.ok(tunnel && (await pulumi.isSecret(tunnel.key)));
      return { ...tunnel, text: await resolved(tunnel.connection) };
    };
    const own = await tunnelOf({});
    assert.match(own.text, /id = 198\.51\.100\.7\n[\s\S]*id = 198\.51\.100\.99\n/);
    assert.match(own.text, /local_ts = 172\.31\.0\.0\/16\n *remote_ts = 192\.168\.1\.0\/24\n/);
    assert.match(own.text, /start_action = none/);
    assert.equal(own.comesUp, false);
    const starts = await tunnelOf({ ike: 1, initiator: "test" }, { ...OPENSTACK_SITE, joined: true });
    assert.match(starts.text, /version = 1\n[\s\S]*start_action = start/);
    assert.equal(starts.comesUp, true);
    assert.equal((await tunnelOf({ initiator: "test" })).comesUp, false, "the other end is not there yet");
  });

  it("costs what an instance costs, and not what a connection does", async () => {
    const cost = async (link?: object) => (await buildAws({ ...VPC, link })).result.cost;
    const [alone, joined, service] = [
      await cost(),
      await cost(VPC.link),
      await cost({ peer: "site-openstack" }),
    ];
    assert.match(joined.sentence, /3 × t3\.medium, 3 × public IPv4 address, 3 × 20 GiB disk/);
    assert.equal(Math.round(((joined.perHour ?? 0) - (alone.perHour ?? 0)) * 1000), 48);
    assert.ok((joined.perHour ?? 0) < (service.perHour ?? 0));
  });
});
