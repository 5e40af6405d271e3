/**
 * What a user sees in a shell on a node: the same as in a real cluster (shared facts of Calico and of the original
 * labs).
 */
import assert from "node:assert/strict";
import type { Encapsulation } from "../../../components/config";
import { planOf, type RawConfig } from "../../support/problems";
import { kindFor, TwinUnderTest } from "../../support/twin";

const RAW: RawConfig = {
  fabric: "aws",
  topology: [
    { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] },
    { name: "b", cidr: "10.0.4.0/24", nodes: ["w2"] },
  ],
};

/** A shell line on a node, as `npm run lab -- shell` runs it. */
const on = (node: string, line: string) =>
  `ip netns exec ${node} bash -c ${JSON.stringify(line).replaceAll("$", "\\$")}`;

describe("a node looks like a real one", function () {
  this.timeout(300_000);
  const twins = new Map<string, TwinUnderTest>();
  after(async () => {
    for (const twin of twins.values()) await twin.stop();
  });

  /** Brings the encapsulation up in a sandbox that can run it, with converged routes. */
  async function play(encapsulation: Encapsulation, raw: RawConfig = {}): Promise<TwinUnderTest> {
    const kind = kindFor(encapsulation);
    const twin = twins.get(kind) ?? new TwinUnderTest(kind);
    twins.set(kind, twin);
    const plan = planOf({ ...RAW, ...raw, encapsulation });
    await twin.bring(plan);
    const seen = await twin.observe(plan);
    assert.ok(
      seen.agrees && seen.notConverged.length === 0,
      seen.disagreements.concat(seen.notConverged).join("\n"),
    );
    return twin;
  }

  /** What tcpdump shows on an interface during one ordinary ping. */
  const pinged = async (
    twin: TwinUnderTest,
    node: string,
    nic: string,
    filter: string,
    from: string,
    to: string,
  ) =>
    twin.run(`ip netns exec ${node} tcpdump -nnte -c1 --immediate-mode -l -i ${nic} '${filter}' > /run/seen 2> /run/said & dump=$!
      until grep -q listening /run/said; do sleep 0.05; done
      ip netns exec ${from} ping -nqc2 -i 0.2 -W 5 ${to} > /dev/null || true
      for i in {1..100}; do kill -0 $dump 2> /dev/null || break; sleep 0.1; done
      kill $dump 2> /dev/null || true; cat /run/seen`);

  it("IPIP: BIRD's routes over tunl0, a blackhole of its own block, tunl0's address and MTU, protocol 4 outside", async () => {
    const twin = await play("IPIP");
    const routes = (await twin.run(on("cp1", "ip route | grep bird")))
      .trim()
      .split("\n")
      .map((line) => line.trim());
    assert.deepEqual(routes.sort(), [
      "172.16.0.128/26 via 10.0.4.10 dev tunl0 proto bird onlink",
      "172.16.0.64/26 via 10.0.3.11 dev tunl0 proto bird onlink",
      "blackhole 172.16.0.0/26 proto bird",
    ]);
    const device = await twin.run(on("cp1", "ip -o link show tunl0; ip -o -4 addr show tunl0"));
    assert.match(device, /mtu 8981/);
    assert.match(device, /inet 172\.16\.0\.0\/32/);
    const outside = await pinged(twin, "cp1", "ens5", "ip proto 4", "cp1-1", "172.16.0.129");
    assert.match(
      outside,
      /length 118: 10\.0\.3\.10 > 10\.0\.4\.10: .*172\.16\.0\.1 > 172\.16\.0\.129: ICMP echo request/,
    );
    const within = await pinged(twin, "cp1", "tunl0", "icmp", "cp1-1", "172.16.0.129");
    assert.match(within, /172\.16\.0\.1 > 172\.16\.0\.129: ICMP echo request/);
    assert.doesNotMatch(within, /10\.0\.3\.10/, "on tunl0 the packets have no outer header");
  });

  it("calico#1996: without a rule for protocol 4, the path seems to work once both sides have sent", async () => {
    const twin = await play("IPIP", { faults: ["ipip-blocked"] });
    const ping = (from: string, to: string) =>
      twin.run(`ip netns exec ${from} ping -nqc1 -W 4 ${to} | grep -c ' 0% packet loss' || true`);
    assert.equal(
      await ping("cp1-1", "172.16.0.129"),
      "0\n",
      "the observation leaves the lab cold: the packet is dropped, as the verdict says",
    );
    assert.equal(
      await ping("w2-1", "172.16.0.1"),
      "1\n",
      "cp1's own packet opened its port for w2's packets",
    );
    assert.equal(await ping("cp1-1", "172.16.0.129"), "1\n", "now the path seems to work");
  });

  it("VXLAN: device, VNI, port, neighbours and forwarding entries; UDP 4789 outside", async () => {
    const twin = await play("VXLAN");
    const device = await twin.run(on("cp1", "ip -d -o link show vxlan.calico"));
    assert.match(device, /mtu 8951 .*vxlan id 4096 local 10\.0\.3\.10 dev ens5 .*dstport 4789 nolearning/);
    assert.match(
      await twin.run(on("cp1", "ip neigh show dev vxlan.calico")),
      /172\.16\.0\.128 lladdr 66:\S+ PERMANENT/,
    );
    assert.match(
      await twin.run(on("cp1", "bridge fdb show dev vxlan.calico")),
      /66:\S+ dst 10\.0\.4\.10 self permanent/,
    );
    assert.match(
      await twin.run(on("cp1", "ip route")),
      /172\.16\.0\.128\/26 via 172\.16\.0\.128 dev vxlan\.calico onlink/,
    );
    const outside = await pinged(twin, "cp1", "ens5", "udp port 4789", "cp1-1", "172.16.0.129");
    assert.match(outside, /10\.0\.3\.10\.\d+ > 10\.0\.4\.10\.4789: VXLAN, flags \[I\] \(0x08\), vni 4096/);
  });

  it("pods have the gateway 169.254.1.1, which the node answers for, and veth names as in Calico", async () => {
    const twin = await play("VXLAN");
    assert.match(
      await twin.run(on("cp1-1", "ip route")),
      /^default via 169\.254\.1\.1 dev eth0 \n169\.254\.1\.1 dev eth0 scope link/,
    );
    const veths = (
      await twin.run(
        on("cp1", "ls /sys/class/net 2> /dev/null | grep ^cali || ip -br link | grep -o '^cali[0-9a-f]*'"),
      )
    )
      .trim()
      .split("\n");
    assert.equal(veths.length, 2);
    for (const veth of veths) {
      assert.match(veth, /^cali[0-9a-f]{11}$/);
      assert.equal(await twin.run(on("cp1", `cat /proc/sys/net/ipv4/conf/${veth}/proxy_arp`)), "1\n");
    }
  });

  it("natOutgoing is a masquerade rule that uses the sets of pools", async () => {
    const twin = await play("VXLAN");
    const rules = await twin.run(on("cp1", "nft list ruleset"));
    assert.match(rules, /ip saddr @masq-ipam-pools ip daddr != @all-ipam-pools masquerade/);
    assert.match(rules, /elements = \{ 172\.16\.0\.0\/16 \}/);
    await play("VXLAN", { natOutgoing: false });
    assert.doesNotMatch(await twin.run(on("cp1", "nft list ruleset")), /masquerade/);
  });

  it("None: BIRD's routes over the node's interface, and birdc shows the mesh", async () => {
    const twin = await play("None");
    assert.match(
      await twin.run(on("cp1", "ip route | grep bird")),
      /172\.16\.0\.64\/26 via 10\.0\.3\.11 dev ens5 proto bird/,
    );
    const mesh = await twin.run(on("cp1", "birdc show protocols | grep Mesh"));
    assert.equal(mesh.match(/Mesh_10_0_\d_1\d .*Established/g)?.length, 2);
  });
});
