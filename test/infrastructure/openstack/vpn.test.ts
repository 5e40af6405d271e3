/** OpenStack's end of the tunnel to a site that is another stack, with and without what that stack has said. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { machineOutputs } from "../../../components/infrastructure";
import type { PeerSite } from "../../../components/infrastructure/common";
import type { Session } from "../../../components/infrastructure/openstack/api";
import { requireVpn } from "../../../components/infrastructure/openstack/vpn";
import { dependencies } from "../../support/clouds";
import { named, ofType, resolved } from "../../support/mocks";
import { buildOpenStack, LEG, RULE, VPN_SERVICE } from "../../support/openstack";
import { FakeOpenStack } from "../../support/openstack-api";
import { AWS_SITE, LONE_VPC, OPENSTACK_SITE } from "../../support/peer-sites";
import { planOf, problemsOf } from "../../support/problems";

const VPNAAS = (kind: string) => `openstack:vpnaas/${kind[0]?.toLowerCase()}${kind.slice(1)}:${kind}`;
const CONNECTION = VPNAAS("SiteConnection");

/** L15's office, whose peer is the stack of L15's VPC. */
const OFFICE = {
  topology: [{ name: "office", cidr: "192.168.1.0/24", nodes: ["cp1", "w1"] }],
  podCidr: "10.244.0.0/16",
  link: { peer: "site-aws" },
};
const withKey = (): PeerSite => ({ ...AWS_SITE, key: pulumi.secret("made_for_AWS") });
const description = "encaplab: test 0123456789ab";

describe("the office's end of a tunnel", () => {
  it("is nothing at all without link.peer", async () => {
    const { resources, result } = await buildOpenStack({ ...OFFICE, link: undefined });
    for (const { type, name } of resources) assert.doesNotMatch(type, /vpnaas/, name);
    assert.ok(!("site" in machineOutputs("test", result)));
  });

  it("is a service whose address the other stack reads, while that one has no address and key", async () => {
    for (const peer of [undefined, LONE_VPC, AWS_SITE]) {
      const { resources, result } = await buildOpenStack(OFFICE, { ...(peer && { peer }) });
      assert.deepEqual(
        resources.filter(({ type }) => type.includes("vpnaas")).map(({ type }) => type),
        [VPN_SERVICE],
      );
      const service = named(resources, VPN_SERVICE, "vpn");
      assert.deepEqual(service.props, { name: "test-vpn", description, routerId: "router-id" });
      assert.deepEqual(await dependencies(service), [named(resources, LEG, "office").resource]);
      const { site, siteKey } = machineOutputs("test", result);
      assert.equal(siteKey, undefined, "the stack on AWS makes the key");
      assert.deepEqual(await resolved(site), OPENSTACK_SITE);
    }
  });

  it("is a connection to AWS's tunnel, once address and key are known, and the key stays a secret", async () => {
    const { resources, result, late } = await buildOpenStack(OFFICE, { peer: withKey() });
    const of = (kind: string, name: string) => named(resources, VPNAAS(kind), name).props;
    assert.deepEqual(of("IkePolicy", "ike"), {
      name: "test-ike",
      description,
      ikeVersion: "v2",
      encryptionAlgorithm: "aes-128",
      authAlgorithm: "sha256",
      pfs: "group14",
      lifetimes: [{ units: "seconds", value: 28_800 }],
    });
    assert.deepEqual(of("IpSecPolicy", "esp"), {
      name: "test-esp",
      description,
      transformProtocol: "esp",
      encapsulationMode: "tunnel",
      encryptionAlgorithm: "aes-128",
      authAlgorithm: "sha256",
      pfs: "group14",
      lifetimes: [{ units: "seconds", value: 3600 }],
    });
    assert.deepEqual(
      ["vpn-own", "vpn-peer"].map((name) => {
        const { type, endpoints } = of("EndpointGroup", name);
        return [type, endpoints];
      }),
      [
        ["subnet", ["office-id"]],
        ["cidr", ["172.31.0.0/16"]],
      ],
    );
    const { props, secrets } = named(resources, CONNECTION, "vpn");
    assert.deepEqual(props, {
      name: "test-vpn",
      description,
      vpnserviceId: "vpn-id",
      ikepolicyId: "ike-id",
      ipsecpolicyId: "esp-id",
      localEpGroupId: "vpn-own-id",
      peerEpGroupId: "vpn-peer-id",
      peerAddress: "203.0.113.20",
      peerId: "203.0.113.20",
      psk: "made_for_AWS",
      initiator: "bi-directional",
      dpds: [{ action: "restart", interval: 10, timeout: 30 }],
    });
    assert.deepEqual(secrets, ["psk"]);
    assert.equal((await resolved(machineOutputs("test", result).site))?.joined, true);
    assert.equal(late.length, 0);
  });

  it("has the config's key, proposals, IKE version, initiator and MTU, in Neutron's words", async () => {
    const link = {
      peer: "site-aws",
      psk: "correct_horse",
      ike: 1,
      initiator: "test",
      mtu: 1400,
      proposals: { ike: "aes256-sha1-modp1024", esp: "aes256-sha512-modp1536" },
    };
    const { resources } = await buildOpenStack({ ...OFFICE, link }, { peer: AWS_SITE });
    const { props, secrets } = named(resources, CONNECTION, "vpn");
    assert.deepEqual([props.psk, props.mtu, props.initiator], ["correct_horse", 1400, "bi-directional"]);
    assert.deepEqual(secrets, ["psk"]);
    const { ikeVersion, pfs, encryptionAlgorithm, authAlgorithm } = named(
      resources,
      VPNAAS("IkePolicy"),
      "ike",
    ).props;
    assert.deepEqual(
      [ikeVersion, pfs, encryptionAlgorithm, authAlgorithm],
      ["v1", "group2", "aes-256", "sha1"],
    );
    assert.equal(named(resources, VPNAAS("IpSecPolicy"), "esp").props.pfs, "group5");
    const answers = await buildOpenStack(
      { ...OFFICE, link: { peer: "site-aws", initiator: "site-aws" } },
      { peer: withKey() },
    );
    const { initiator, dpds } = named(answers.resources, CONNECTION, "vpn").props;
    assert.deepEqual([initiator, dpds[0].action], ["response-only", "clear"]);
  });

  it("sends AES-GCM to Neutron past its provider, which would leave an unknown name out", async () => {
    const proposals = { ike: "aes256gcm16-prfsha512-modp2048", esp: "aes128gcm16" };
    const { resources } = await buildOpenStack(
      { ...OFFICE, link: { ...OFFICE.link, proposals } },
      { peer: withKey() },
    );
    const ike = named(resources, VPNAAS("IkePolicy"), "ike").props;
    assert.deepEqual(
      [ike.encryptionAlgorithm, ike.valueSpecs, ike.authAlgorithm],
      ["aes-256-gcm-16", { encryption_algorithm: "aes-256-gcm-16" }, "sha512"],
    );
    const esp = named(resources, VPNAAS("IpSecPolicy"), "esp").props;
    assert.deepEqual(
      [esp.encryptionAlgorithm, esp.valueSpecs, esp.authAlgorithm, esp.pfs],
      ["aes-128-gcm-16", { encryption_algorithm: "aes-128-gcm-16" }, undefined, "group14"],
    );
  });

  it("lets the peer's nodes in wherever the table lets nodes in, by their range", async () => {
    const { resources } = await buildOpenStack(OFFICE, { peer: withKey() });
    const rules = ofType(resources, RULE).filter(({ props }) => props.direction === "ingress");
    const toNodes = rules.filter(({ props }) => props.remoteGroupId);
    const toPeer = rules.filter(({ props }) => props.remoteIpPrefix === "172.31.0.0/16");
    assert.ok(toNodes.length > 5);
    assert.deepEqual(
      toPeer.map(({ name }) => name).sort(),
      toNodes.map(({ name }) => `${name}-172.31.0.0-16`).sort(),
    );
  });

  it("must be one subnet, with selectors that Neutron has", async () => {
    const messages = async (raw: object) =>
      (await problemsOf(() => planOf({ cloud: "openstack", ...OFFICE, ...raw })))
        .map((one) => one.message)
        .join();
    assert.match(await messages({ topology: undefined }), /must be one subnet: AWS keeps one pair/);
    assert.match(await messages({ link: { peer: "site-aws", selectors: "any" } }), /^must be subnets: /);
  });

  it("needs a cloud with VPN as a service, which the preview finds out", async () => {
    const plan = planOf({ cloud: "openstack", ...OFFICE });
    const ask = async (extensions: unknown, asked = plan) => {
      const fake = await FakeOpenStack.start({ "/network/v2.0/extensions": extensions });
      try {
        const session: Session = {
          token: "a-token",
          projectId: "p",
          catalogue: fake.catalogue,
          region: "here",
        };
        return (await problemsOf(() => requireVpn(session, asked)))[0]?.message ?? "";
      } finally {
        await fake.stop();
      }
    };
    const having = (...aliases: string[]) => ({ extensions: aliases.map((alias) => ({ alias })) });
    assert.equal(await ask(having("router", "vpnaas", "vpn-endpoint-groups")), "");
    assert.match(
      await ask(having("router", "vpnaas")),
      /no VPN as a service .*lacks the extensions vpn-endpoint-groups/,
    );
    assert.equal(await ask(403), "", "Neutron's own error is clear");
    const link = { peer: "site-aws", proposals: { esp: "aes128gcm16" } };
    const withGcm = planOf({ cloud: "openstack", ...OFFICE, link });
    assert.match(
      await ask(having("vpnaas", "vpn-endpoint-groups"), withGcm),
      /no AES-GCM .*lacks the extension vpn-aes-ccm-gcm.*; use AES-CBC, such as aes128-sha256/,
    );
    assert.equal(await ask(having("vpnaas", "vpn-endpoint-groups", "vpn-aes-ccm-gcm"), withGcm), "");
  });
});
