/** The office's end of a tunnel as an instance: its port, its group, the router's routes by it, and what it costs. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { machineOutputs } from "../../../components/infrastructure";
import { type PeerSite, planIngress } from "../../../components/infrastructure/common";
import type { Session } from "../../../components/infrastructure/openstack/api";
import { demandsOf } from "../../../components/infrastructure/openstack/quota";
import { wantedBy } from "../../../components/infrastructure/openstack/recovery";
import { requireVpn } from "../../../components/infrastructure/openstack/vpn";
import { dependencies } from "../../support/clouds";
import { named, ofType, resolved } from "../../support/mocks";
import {
  buildOpenStack,
  FLOATING_IP,
  FOUND,
  GROUP,
  INSTANCE,
  LEG,
  PORT,
  ROUTE,
  RULE,
} from "../../support/openstack";
import { FakeOpenStack } from "../../support/openstack-api";
import { AWS_SITE, LONE_VPC, OPENSTACK_SITE } from "../../support/peer-sites";
import { planOf, problemsOf } from "../../support/problems";

/** L15's office, whose gateway is an instance, and whose peer is the stack of L15's VPC. */
const OFFICE = {
  topology: [{ name: "office", cidr: "192.168.1.0/24", nodes: ["cp1", "w1"] }],
  podCidr: "10.244.0.0/16",
  link: { peer: "site-aws", gateway: "instance" },
};
const GATEWAY = "site-gateway";
const withKey = (): PeerSite => ({ ...AWS_SITE, key: pulumi.secret("made_for_AWS") });

describe("the office's gateway on an instance", () => {
  it("is one more instance with a floating IP, no VPN as a service, and an address that no node has", async () => {
    const { resources, result, late } = await buildOpenStack(OFFICE);
    assert.ok(resources.every(({ type }) => !type.includes("vpnaas")));
    assert.deepEqual(
      ofType(resources, INSTANCE).map(({ name }) => name),
      ["cp1", "w1", GATEWAY],
    );
    assert.deepEqual(
      ofType(resources, FLOATING_IP).map(({ name }) => name),
      ["cp1", GATEWAY],
    );
    assert.deepEqual(named(resources, PORT, GATEWAY).props.fixedIps, [
      { subnetId: "office-id", ipAddress: "192.168.1.254" },
    ]);
    const { site, siteGateway } = machineOutputs("test", result);
    assert.deepEqual(await resolved(site), OPENSTACK_SITE);
    assert.match((await resolved(siteGateway))?.ssh ?? "", /^ssh -i test\.key ubuntu@198\.51\.100\.99$/);
    assert.equal(late.length, 0);
  });

  it("has no tunnel, and nothing of the internet may reach it but your login, before the peer has an address", async () => {
    for (const peer of [undefined, LONE_VPC]) {
      const { resources, result } = await buildOpenStack(OFFICE, { ...(peer && { peer }) });
      assert.equal(result.end?.gateway?.tunnel, undefined);
      const rules = ofType(resources, RULE).filter(({ props }) => props.securityGroupId === `${GATEWAY}-id`);
      assert.deepEqual(
        rules.map(({ props }) => [
          props.direction,
          props.protocol,
          props.remoteIpPrefix ?? props.remoteGroupId,
        ]),
        [
          ["ingress", "tcp", "203.0.113.7/32"],
          ["ingress", undefined, "nodes-id"],
          ["egress", undefined, undefined],
        ],
      );
    }
    assert.equal(
      (await buildOpenStack(OFFICE, { peer: AWS_SITE })).result.end?.gateway?.tunnel,
      undefined,
      "no key",
    );
  });

  it("lets IKE and ESP in from the peer's address alone, and carries the peer's addresses through its port", async () => {
    const { resources, result } = await buildOpenStack(OFFICE, { peer: withKey() });
    assert.deepEqual(
      ofType(resources, RULE)
        .filter(({ props }) => props.remoteIpPrefix === "203.0.113.20/32")
        .map(({ name, props }) => [
          name,
          props.securityGroupId,
          props.protocol,
          props.portRangeMin,
          props.portRangeMax,
        ]),
      [
        [`${GATEWAY}-ike`, `${GATEWAY}-id`, "udp", 500, 500],
        [`${GATEWAY}-nat-t`, `${GATEWAY}-id`, "udp", 4500, 4500],
        [`${GATEWAY}-esp`, `${GATEWAY}-id`, "esp", undefined, undefined],
      ],
    );
    const port = named(resources, PORT, GATEWAY);
    assert.deepEqual(port.props.allowedAddressPairs, [{ ipAddress: "172.31.0.0/16" }]);
    assert.deepEqual(port.props.securityGroupIds, [`${GATEWAY}-id`]);
    assert.ok(named(resources, GROUP, GATEWAY).props.deleteDefaultRules);
    for (const name of ["cp1", "w1"])
      assert.deepEqual(named(resources, PORT, name).props.securityGroupIds, ["nodes-id"]);
    assert.equal((await resolved(machineOutputs("test", result).site))?.joined, true);
  });

  it("is where the router sends what is for the peer's ranges, as long as the router has an interface to it", async () => {
    const { resources } = await buildOpenStack(OFFICE, { peer: withKey() });
    const [route, ...others] = ofType(resources, ROUTE);
    assert.deepEqual(
      [route?.props.destinationCidr, route?.props.nextHop],
      ["172.31.0.0/16", "192.168.1.254"],
    );
    assert.equal(others.length, 0);
    assert.ok(route);
    assert.deepEqual(await dependencies(route), [named(resources, LEG, "office").resource]);
    const plan = planOf({ cloud: "openstack", ...OFFICE });
    assert.ok(wantedBy(plan, ["172.31.0.0/16"])("172.31.0.0/16"), "a killed run may have left it");
    assert.ok(!wantedBy(plan)("172.31.0.0/16"));
  });

  it("starts the tunnel to AWS by its public address, as which AWS knows it, with the key as a secret", async () => {
    const { result } = await buildOpenStack(OFFICE, { peer: withKey() });
    const tunnel = result.end?.gateway?.tunnel;
    assert.ok(tunnel);
    assert.ok(await pulumi.isSecret(tunnel.key));
    const text = await resolved(tunnel.connection);
    for (const line of [
      "version = 2",
      "remote_addrs = 203.0.113.20",
      "proposals = aes128-sha256-modp2048",
      "encap = yes",
      "id = 198.51.100.99",
      "id = 203.0.113.20",
      "local_ts = 192.168.1.0/24",
      "remote_ts = 172.31.0.0/16",
      "esp_proposals = aes128-sha256-modp2048",
      "start_action = start",
      "secret = @PSK@",
    ])
      assert.ok(text.includes(` ${line}\n`), line);
    assert.doesNotMatch(text, /local_addrs|made_for_AWS/);
    assert.deepEqual([tunnel.children, tunnel.comesUp], [1, true]);
    const answers = { ...OFFICE, link: { ...OFFICE.link, initiator: "site-aws" } };
    const other = (await buildOpenStack(answers, { peer: withKey() })).result.end?.gateway?.tunnel;
    assert.match((await resolved(other?.connection)) ?? "", /start_action = none/);
    assert.equal(other?.comesUp, false);
  });

  it("needs no VPN as a service of the cloud, whose error names it as the way out", async () => {
    const fake = await FakeOpenStack.start({
      "/network/v2.0/extensions": { extensions: [{ alias: "router" }] },
    });
    try {
      const session: Session = {
        token: "a-token",
        projectId: "p",
        catalogue: fake.catalogue,
        region: "here",
      };
      const ask = async (link: object) =>
        (await problemsOf(() => requireVpn(session, planOf({ cloud: "openstack", ...OFFICE, link }))))[0];
      assert.equal(await ask(OFFICE.link), undefined);
      const problem = await ask({ peer: "site-aws" });
      assert.equal(problem?.key, "link.gateway");
      assert.match(problem?.message ?? "", /no VPN as a service .*; set link\.gateway: instance/);
    } finally {
      await fake.stop();
    }
  });

  it("counts in the cost and in the quotas", async () => {
    const cost = async (raw: object) =>
      (await buildOpenStack(raw as Record<string, unknown>)).result.cost.sentence;
    assert.match(await cost(OFFICE), /^cost: 3 × m1\.medium;/);
    assert.match(
      await cost({ ...OFFICE, link: { peer: "site-aws" } }),
      /^cost: 2 × m1\.medium, 1 × VPN connection;/,
    );
    const needs = (link?: object) => {
      const plan = planOf({ cloud: "openstack", ...OFFICE, link });
      const demands = demandsOf({}, {}, plan, FOUND.flavor, planIngress(plan, ["203.0.113.7/32"]));
      return Object.fromEntries(demands.map(({ what, needed }) => [what, needed]));
    };
    const [without, has] = [needs(), needs(OFFICE.link)];
    const more = Object.fromEntries(
      Object.entries(has).map(([what, needed]) => [what, needed - (without[what] ?? 0)]),
    );
    assert.deepEqual(more, {
      instances: 1,
      vCPUs: 2,
      "MiB of memory": 4096,
      networks: 0,
      subnets: 0,
      ports: 1,
      routers: 0,
      "floating IPs": 1,
      "security groups": 1,
      // Six of the gateway's own, and two that Neutron makes with every group.
      "security group rules": 8,
    });
  });
});
