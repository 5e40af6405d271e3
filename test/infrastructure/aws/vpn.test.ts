/** AWS's end of the tunnel to a site that is another stack, with and without what that stack has said. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { machineOutputs } from "../../../components/infrastructure";
import { buildAws, INGRESS, INSTANCE, VPN_CONNECTION } from "../../support/aws";
import { named, ofType, resolved } from "../../support/mocks";
import { OPENSTACK_SITE } from "../../support/peer-sites";

const GATEWAY = "aws:ec2/vpnGateway:VpnGateway";
const PROPAGATION = "aws:ec2/vpnGatewayRoutePropagation:VpnGatewayRoutePropagation";
const CUSTOMER = "aws:ec2/customerGateway:CustomerGateway";
const ROUTE = "aws:ec2/vpnConnectionRoute:VpnConnectionRoute";

/** L15's VPC, whose peer is the stack of L15's office. */
const VPC = {
  topology: [{ name: "vpc", cidr: "172.31.0.0/16", nodes: ["cp1", "w1"] }],
  podCidr: "10.244.0.0/16",
  link: { peer: "site-openstack" },
};

const siteOf = async ({ result }: Awaited<ReturnType<typeof buildAws>>) => {
  const { site, siteKey } = machineOutputs("test", result);
  return { site: await resolved(site), key: await resolved(siteKey), siteKey };
};

describe("the VPC's end of a tunnel", () => {
  it("is nothing at all without link.peer", async () => {
    const recording = await buildAws({ ...VPC, link: undefined });
    for (const { type, name } of recording.resources) assert.doesNotMatch(type, /vpn|customerGateway/i, name);
    assert.deepEqual(Object.keys(machineOutputs("test", recording.result)).sort(), [
      "cost",
      "login",
      "nodes",
      "privateKey",
    ]);
  });

  it("is a gateway whose routes propagate, while the other stack has no address, and says its ranges", async () => {
    const recording = await buildAws(VPC);
    assert.equal(named(recording.resources, GATEWAY, "vpn").props.vpcId, "vpc-id");
    assert.deepEqual(named(recording.resources, PROPAGATION, "vpn").props, {
      vpnGatewayId: "vpn-id",
      routeTableId: "routes-id",
    });
    for (const type of [CUSTOMER, VPN_CONNECTION, ROUTE])
      assert.equal(ofType(recording.resources, type).length, 0, type);
    const { site, key } = await siteOf(recording);
    assert.deepEqual(site, {
      cloud: "aws",
      cidrs: ["172.31.0.0/16"],
      joined: false,
      link: { ike: 2, proposals: { ike: "aes128-sha256-modp2048", esp: "aes128-sha256-modp2048" } },
    });
    assert.equal(key, "made by encaplab", "the same as that of the connection, which comes later");
  });

  it("is a connection with static routes, once the address is known, and with a key that was made, a secret", async () => {
    const recording = await buildAws(VPC, { peer: OPENSTACK_SITE });
    const { resources } = recording;
    assert.deepEqual(
      [named(resources, CUSTOMER, "peer").props.ipAddress, named(resources, CUSTOMER, "peer").props.type],
      ["198.51.100.99", "ipsec.1"],
    );
    const connection = named(resources, VPN_CONNECTION, "vpn");
    assert.deepEqual(connection.secrets, ["tunnel1PresharedKey"]);
    const { tags, ...props } = connection.props;
    assert.equal(tags.Name, "test-vpn");
    assert.deepEqual(props, {
      vpnGatewayId: "vpn-id",
      customerGatewayId: "peer-id",
      type: "ipsec.1",
      staticRoutesOnly: true,
      localIpv4NetworkCidr: "192.168.1.0/24",
      remoteIpv4NetworkCidr: "172.31.0.0/16",
      tunnel1IkeVersions: ["ikev2"],
      tunnel1Phase1EncryptionAlgorithms: ["AES128"],
      tunnel1Phase1IntegrityAlgorithms: ["SHA2-256"],
      tunnel1Phase1DhGroupNumbers: [14],
      tunnel1Phase2EncryptionAlgorithms: ["AES128"],
      tunnel1Phase2IntegrityAlgorithms: ["SHA2-256"],
      tunnel1Phase2DhGroupNumbers: [14],
      tunnel1StartupAction: "add",
      tunnel1DpdTimeoutAction: "clear",
      tunnel1PresharedKey: "made by encaplab",
    });
    assert.deepEqual(named(resources, ROUTE, "vpn-192.168.1.0-24").props, {
      vpnConnectionId: "vpn-id",
      destinationCidrBlock: "192.168.1.0/24",
    });
    const { site, key, siteKey } = await siteOf(recording);
    assert.deepEqual([site?.address, site?.joined, key], ["203.0.113.20", true, "made by encaplab"]);
    assert.ok(siteKey && (await pulumi.isSecret(siteKey)));
    assert.equal(recording.late.length, 0);
  });

  it("lets the peer's nodes in wherever the table lets nodes in, by their range, and nothing else", async () => {
    const sources = async (peer?: typeof OPENSTACK_SITE) =>
      ofType((await buildAws(VPC, { ...(peer && { peer }) })).resources, INGRESS).map(({ name, props }) => [
        name,
        props.referencedSecurityGroupId ? "group" : props.cidrIpv4,
      ]);
    const [alone, joined] = [await sources(), await sources(OPENSTACK_SITE)];
    const toNodes = alone.filter(([, source]) => source === "group");
    const added = joined.filter(([name]) => !alone.some(([one]) => one === name));
    assert.ok(toNodes.length > 5);
    assert.deepEqual(
      added.map(([name]) => name).sort(),
      toNodes.map(([name]) => `${name}-192.168.1.0-24`).sort(),
    );
    assert.ok(added.every(([, source]) => source === "192.168.1.0/24"));
  });

  it("leaves each node in at most five groups, EC2's limit, when faults close rules on some nodes", async () => {
    const faults = ["bgp-blocked", "vxlan-blocked", "pod-cidr-blocked"].map((fault) => ({
      fault,
      nodes: ["w1"],
    }));
    const { resources } = await buildAws(
      { ...VPC, encapsulation: "VXLANCrossSubnet", topology: undefined, podCidr: undefined, faults },
      { peer: OPENSTACK_SITE },
    );
    const groups = new Map(
      ofType(resources, INSTANCE).map(({ name, props }) => [name, props.vpcSecurityGroupIds]),
    );
    assert.deepEqual(groups.get("w1"), ["encaplab-test-id"]);
    assert.equal(groups.get("w2").length, 4);
    const intoOf = (name: string) => named(resources, INGRESS, name).props.securityGroupId;
    assert.equal(intoOf("bgp-192.168.1.0-24-others"), intoOf("bgp-others"));
    assert.ok(groups.get("w2").includes(intoOf("bgp-others")));
  });

  it("has the config's key, proposals, IKE version, ranges and initiator, in AWS's words", async () => {
    const link = {
      peer: "org/encaplab/site-openstack",
      psk: "correct_horse",
      initiator: "test",
      selectors: "any",
      proposals: { ike: "aes256-sha1-modp1024", esp: "aes256-sha512-modp1536" },
    };
    const { props, secrets } = named(
      (await buildAws({ ...VPC, link }, { peer: OPENSTACK_SITE })).resources,
      VPN_CONNECTION,
      "vpn",
    );
    assert.deepEqual(secrets, ["tunnel1PresharedKey"]);
    assert.equal(props.tunnel1PresharedKey, "correct_horse");
    assert.deepEqual([props.tunnel1StartupAction, props.tunnel1DpdTimeoutAction], ["start", "restart"]);
    assert.deepEqual([props.localIpv4NetworkCidr, props.remoteIpv4NetworkCidr], [undefined, undefined]);
    assert.deepEqual(
      [
        props.tunnel1Phase1EncryptionAlgorithms,
        props.tunnel1Phase1IntegrityAlgorithms,
        props.tunnel1Phase1DhGroupNumbers,
        props.tunnel1Phase2IntegrityAlgorithms,
        props.tunnel1Phase2DhGroupNumbers,
      ],
      [["AES256"], ["SHA1"], [2], ["SHA2-512"], [5]],
    );
    const old = await buildAws(
      { ...VPC, link: { peer: "site-openstack", ike: 1 } },
      { peer: OPENSTACK_SITE },
    );
    assert.deepEqual(named(old.resources, VPN_CONNECTION, "vpn").props.tunnel1IkeVersions, ["ikev1"]);
  });

  it("calls AES-GCM by AWS's names, without a hash for ESP, which needs none", async () => {
    const proposals = { ike: "aes128gcm16-prfsha384-modp2048", esp: "aes256gcm16" };
    const { resources } = await buildAws(
      { ...VPC, link: { ...VPC.link, proposals } },
      { peer: { ...OPENSTACK_SITE, link: { ike: 2, proposals } } },
    );
    const { props } = named(resources, VPN_CONNECTION, "vpn");
    assert.deepEqual(props.tunnel1Phase1EncryptionAlgorithms, ["AES128-GCM-16"]);
    assert.deepEqual(props.tunnel1Phase1IntegrityAlgorithms, ["SHA2-384"]);
    assert.deepEqual(props.tunnel1Phase2EncryptionAlgorithms, ["AES256-GCM-16"]);
    assert.deepEqual(props.tunnel1Phase2DhGroupNumbers, [14]);
    assert.ok(!("tunnel1Phase2IntegrityAlgorithms" in props));
  });

  it("costs what a connection and the addresses of its two tunnels cost", async () => {
    const perHour = async (link?: object) => (await buildAws({ ...VPC, link })).result.cost;
    const [alone, joined] = [await perHour(), await perHour(VPC.link)];
    assert.equal(Math.round(((joined.perHour ?? 0) - (alone.perHour ?? 0)) * 1000), 60);
    assert.match(joined.sentence, /4 × public IPv4 address, .*1 × VPN connection/);
  });
});
