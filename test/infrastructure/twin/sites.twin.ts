/** Two sites on the twin: real IKE and ESP between their routers, against the verdict. */
import assert from "node:assert/strict";
import { espBytes } from "../../../components/plan";
import { planOf, type RawConfig } from "../../support/problems";
import { needTools } from "../../support/tools";
import { TwinUnderTest } from "../../support/twin";
import { play } from "../../support/twin-play";

const JOINED: RawConfig = {
  encapsulation: "VXLANCrossSubnet",
  topology: [
    { name: "office", cidr: "192.168.1.0/24", nodes: ["cp1"] },
    { name: "lab", cidr: "192.168.2.0/24", nodes: ["w1"] },
    { name: "vpc", cidr: "172.31.0.0/16", nodes: ["w2", "w3"] },
  ],
  sites: [
    { name: "a", subnets: ["office", "lab"] },
    { name: "b", subnets: ["vpc"] },
  ],
};

/** Each differs from the one before it, and is reached in place. */
const SERIES: [title: string, raw: RawConfig][] = [
  ["IKEv2, with VXLAN inside", {}],
  [
    "AES-GCM for IKE and ESP, on a path that its packets fill",
    { link: { mtu: 1400, proposals: { ike: "aes256gcm16-prfsha384-modp2048", esp: "aes256gcm16" } } },
  ],
  ["AES-GCM with IKEv1 and 8 bytes", { link: { ike: 1, mtu: 1340, proposals: { esp: "aes128gcm8" } } }],
  ["neither router starts the tunnel", { faults: ["ipsec-nobody-initiates"] }],
  ["IKEv1, started by the other site", { link: { ike: 1, initiator: "b" } }],
  ["different keys", { link: { ike: 1 }, faults: ["ipsec-psk-mismatch"] }],
  ["no proposal in common", { faults: ["ipsec-proposal-mismatch"] }],
  ["no route on one router", { faults: ["ipsec-route-missing"] }],
  ["selectors of /32", { faults: ["ipsec-selectors-too-narrow"] }],
  ["keys that are not renewed", { faults: ["ipsec-rekey-lost"] }],
  ["pods without a tunnel, which are in no selector", { encapsulation: "None", podRoutes: true }],
  [
    "pods in the selectors, with a longer hash on a narrow path",
    {
      encapsulation: "None",
      podRoutes: true,
      link: { selectors: "pods", initiator: "both", mtu: 1380, proposals: { esp: "aes256-sha512" } },
    },
  ],
  [
    "any address in the selectors, and pods with the link's MTU",
    { encapsulation: "None", podRoutes: true, link: { selectors: "any" }, faults: ["mtu-too-big"] },
  ],
];

describe("a twin with two sites, changed in place", function () {
  this.timeout(120_000);
  const twin = new TwinUnderTest("namespaces");
  before(function () {
    needTools(this, "ipsec");
  });
  after(() => twin.stop());

  for (const [title, raw] of SERIES)
    it(`does what the verdict says: ${title}`, async () => {
      await play(twin, { title, plan: planOf({ ...JOINED, ...raw }) });
    });

  it("has a security association that swanctl shows on a router, and ESP in UDP 4500 between the routers", async () => {
    await twin.bring(planOf({ ...JOINED, link: { psk: "given in the config" } }));
    assert.match(
      await twin.on("router-a", "swanctl --list-sas"),
      /INSTALLED, TUNNEL-in-UDP[\s\S]*172\.31\.0\.0\/16/,
    );
    const seen = await twin.run(
      [
        "nsenter --net=/run/netns/router-b timeout 20 tcpdump -lni ext0 -c 2 udp port 4500 2> /dev/null > /run/seen &",
        "for i in 1 2 3 4 5; do nsenter --net=/run/netns/cp1 ping -c 1 -W 1 172.31.0.10; sleep 0.2; done > /run/pings",
        "wait; cat /run/seen /run/pings",
      ].join("\n"),
    );
    assert.match(seen, /203\.0\.113\.1\.4500 > 203\.0\.113\.2\.4500: UDP-encap: ESP/);
    assert.match(seen, /from 172\.31\.0\.10: icmp_seq=1 ttl=62/);
  });

  for (const [title, raw] of [
    ["instances in one site and ports in both", {}],
    ["routes to pods, and the pods' addresses", { natOutgoing: false, encapsulation: "None" }],
    ["without a security association", { faults: ["ipsec-nobody-initiates"] }],
  ] as [title: string, raw: RawConfig][])
    it(`carries a tenant network over both sites as the verdict says: ${title}`, async function () {
      needTools(this, "tenants");
      const tenants = {
        cidr: "20.20.1.0/24",
        instances: [{ name: "vm1", host: "w1", address: "20.20.1.98" }],
        ports: ["w1", "w2"],
        podRoutes: raw.natOutgoing === false,
      };
      const seen = await play(twin, { title, plan: planOf({ ...JOINED, tenants, ...raw }) });
      assert.ok(seen.rows.some(({ path, reach }) => path === "pod-to-tenant" && reach === "cross-site"));
    });

  for (const esp of ["aes128-sha256", "aes256gcm16"])
    it(`sends the largest packet that fits into the link's MTU as long as the plan says: ${esp}`, async () => {
      const plan = planOf({ ...JOINED, link: { mtu: 1400, proposals: { esp } } });
      await twin.bring(plan);
      const inner = plan.link?.mtu.inner ?? 0;
      const seen = await twin.run(
        [
          "nsenter --net=/run/netns/router-b timeout 20 tcpdump -vlni ext0 -c 1 'udp port 4500 and greater 1000' 2> /dev/null > /run/seen &",
          `for i in 1 2 3 4 5; do nsenter --net=/run/netns/cp1 ping -c 1 -W 1 -M do -s ${inner - 28} 172.31.0.10 > /dev/null || true; sleep 0.2; done`,
          "wait; cat /run/seen",
        ].join("\n"),
      );
      // IPv4 and UDP are 28 bytes.
      assert.match(seen, new RegExp(`proto UDP \\(17\\), length ${28 + inner + espBytes(inner, esp)}\\)`));
    });

  it("changes nothing at a second `up`, and repairs a router whose strongSwan was killed", async () => {
    const plan = planOf({ ...JOINED, link: { psk: "given in the config" } });
    await twin.bring(plan);
    assert.deepEqual(await twin.bring(plan), {});
    await twin.run(
      "pid=$(< /run/ipsec/router-b/pid); kill -9 $pid; while [[ -e /proc/$pid/fd/0 ]]; do :; done",
    );
    assert.deepEqual(await twin.bring(plan), { link: "update" });
    await play(twin, { title: "repaired", plan });
  });

  it("leaves nothing of a site that goes: no router, and no strongSwan", async () => {
    await twin.bring(planOf({ ...JOINED, sites: undefined }));
    const left = await twin.run(
      [
        "ls /run/netns",
        'shopt -s nullglob; for folder in /run/ipsec/*/; do echo "folder $folder"; done',
        // A zombie is still listed, but already dead.
        "for pid in $(pgrep -x charon-systemd); do grep -q '^State:.Z' /proc/$pid/status || echo \"lives $pid\"; done",
      ].join("\n"),
    );
    assert.doesNotMatch(left, /router-|folder|lives/);
  });
});
