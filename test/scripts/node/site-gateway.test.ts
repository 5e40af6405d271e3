// site-link.sh on an instance that is a site's gateway: the swanctl.conf that OpenStack's stack renders, behind a floating IP, and
// a real strongSwan at the other end with what AWS's tunnel has.
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { renderSwanctl } from "../../../components/infrastructure";
import { resolved } from "../../support/mocks";
import type { Sandbox } from "../../support/node-sandbox";
import { buildOpenStack } from "../../support/openstack";
import { AWS_SITE } from "../../support/peer-sites";
import { ENDING, strongSwanInPeer, strongSwanSandbox } from "../../support/strongswan";
import { needTools } from "../../support/tools";

const PSK = "correct_horse";
const KEY = Buffer.from(PSK).toString("base64");
/** AWS's end of the tunnel, and a machine behind it. */
const TUNNEL = "198.51.100.2";
const MACHINE = "172.31.0.10";
/** The floating IP that the mocks give the gateway. */
const FLOATING = "198.51.100.99";

/** The text of the instance's swanctl.conf, as `up` of the stack sends it. */
async function connectionOf(link: object): Promise<string> {
  const { result } = await buildOpenStack(
    {
      topology: [{ name: "office", cidr: "192.168.1.0/24", nodes: ["cp1", "w1"] }],
      podCidr: "10.244.0.0/16",
      link: { peer: "site-aws", gateway: "instance", ...link },
    },
    { peer: { ...AWS_SITE, address: TUNNEL, key: pulumi.secret(PSK) } },
  );
  const connection = result.end?.gateway?.tunnel?.connection;
  assert.ok(connection);
  return resolved(connection);
}

/** AWS's tunnel knows its customer's gateway by the address that it was given: the floating IP. */
const theirs = (ike: number) =>
  renderSwanctl(ike, {
    id: { own: TUNNEL, peer: FLOATING },
    peer: FLOATING,
    proposals: { ike: "aes128-sha256-modp2048", esp: "aes128-sha256-modp2048" },
    children: [["172.31.0.0/16", "192.168.1.0/24"]],
    starts: false,
    secret: `0s${KEY}`,
  });

/** The office around this machine, which is the instance: its router with the floating IP, a node, and the internet. */
const OFFICE = [
  "for name in router node peer; do ip netns add $name; done",
  // The office's subnet: a bridge of the router.
  "ip -n router link add office type bridge",
  "ip link add port0 type veth peer name port1 netns router; ip -n node link add eth0 type veth peer name port2 netns router",
  "for port in port1 port2; do ip -n router link set $port master office up; done",
  "ip -n router addr add 192.168.1.1/24 dev office; ip -n router link set office up",
  "ip addr add 192.168.1.254/24 dev port0; ip link set port0 up; ip route add default via 192.168.1.1",
  "ip -n node addr add 192.168.1.11/24 dev eth0; ip -n node link set eth0 up; ip -n node route add default via 192.168.1.1",
  // The internet, with AWS's gateway.
  "ip -n router link add ext type veth peer name wan netns peer",
  `ip -n router addr add 198.51.100.1/24 dev ext; ip -n router addr add ${FLOATING}/32 dev ext; ip -n router link set ext up`,
  `ip -n peer addr add ${TUNNEL}/24 dev wan; ip -n peer link set wan up`,
  `ip -n peer link add vpc type bridge; ip -n peer addr add ${MACHINE}/16 dev vpc; ip -n peer link set vpc up`,
  // What Neutron's router does: the floating IP in both directions, and the route to the peer by the instance.
  // OVN's sends no redirects.
  "ip netns exec router sysctl -q net.ipv4.ip_forward=1 net.ipv4.conf.{all,office}.send_redirects=0; ip -n router route add 172.31.0.0/16 via 192.168.1.254",
  `ip netns exec router nft -f - <<'RULES'
table ip nat {
  chain in { type nat hook prerouting priority dstnat; iifname "ext" ip daddr ${FLOATING} dnat to 192.168.1.254; }
  chain out { type nat hook postrouting priority srcnat; oifname "ext" ip saddr 192.168.1.254 snat to ${FLOATING}; }
}
RULES`,
];

describe("site-link.sh on an instance", function () {
  this.timeout(120_000);
  let sandbox: Sandbox;
  before(function () {
    needTools(this, "ipsec");
  });
  beforeEach(() => {
    sandbox = strongSwanSandbox();
  });
  afterEach(() => sandbox.remove());

  const join = async (ike: number) =>
    sandbox.run(
      "site-link",
      {
        NODE_NAME: "site-gateway",
        CONNECTION: await connectionOf({ ike }),
        PSK: KEY,
        CHILDREN: "1",
        WAIT: "1",
        ALONE: "1",
        KUBERNETES_VERSION: "1.35.7",
      },
      {
        before: [ENDING, ...OFFICE, ...strongSwanInPeer(sandbox, theirs(ike))].join("\n"),
        after: [
          `ip netns exec node ping -c 2 -i 0.2 -W 2 ${MACHINE} || true`,
          `ip netns exec peer ping -c 2 -i 0.2 -W 2 -I ${MACHINE} 192.168.1.11 || true`,
          "swanctl --list-sas; cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/port0/send_redirects",
        ].join("\n"),
      },
    );

  for (const ike of [1, 2])
    it(`joins the office to AWS from behind the floating IP, so that nodes reach each other, with IKEv${ike}`, async () => {
      const { status, stderr, stdout } = await join(ike);
      assert.equal(status, 0, stderr);
      assert.match(stderr, /site-gateway has a tunnel to the gateway of the other site/);
      const [there, back] = stdout.split("PING ").slice(1);
      // The machine's answer passes the instance alone. The node's passes its router and the instance.
      assert.match(there ?? "", /ttl=63 [\s\S]* 2 received/);
      assert.match(back ?? "", /ttl=62 [\s\S]* 2 received/);
      assert.match(stdout, /local +'198\.51\.100\.99' @ 192\.168\.1\.254\[4500\]/);
      assert.match(stdout, /remote '198\.51\.100\.2' @ 198\.51\.100\.2\[4500\]/);
      assert.match(stdout, /\n1\n0\n$/, "it forwards, and sends no redirects");
      assert.ok(!stderr.includes(KEY) && !stdout.includes(KEY));
    });
});
