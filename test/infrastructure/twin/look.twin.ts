/** What a user sees in a shell on a node of a twin: the same as in a real cluster with Calico. */
import assert from "node:assert/strict";
import type { Encapsulation } from "../../../components/config";
import { planOf, type RawConfig } from "../../support/problems";
import { kindFor, sharedMachine, TwinUnderTest } from "../../support/twin";
import { play } from "../../support/twin-play";

const RAW: RawConfig = {
  fabric: "aws",
  topology: [
    { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] },
    { name: "b", cidr: "10.0.4.0/24", nodes: ["w2"] },
  ],
};

const machine = sharedMachine();

describe("a node of a twin looks like a node of a real cluster", function () {
  this.timeout(300_000);
  const namespaces = new TwinUnderTest("namespaces");
  after(() => namespaces.stop());

  /** Brings the encapsulation up in a sandbox that can run it, with converged routes. */
  async function bring(encapsulation: Encapsulation, raw: RawConfig = {}): Promise<TwinUnderTest> {
    const twin = kindFor(encapsulation) === "machine" ? machine : namespaces;
    await play(twin, { title: encapsulation, plan: planOf({ ...RAW, ...raw, encapsulation }) });
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

  it("has under IPIP BIRD's routes over tunl0, a blackhole route of its own block, tunl0's address and MTU, and protocol 4 on the wire", async () => {
    const twin = await bring("IPIP");
    const routes = (await twin.on("cp1", "ip route | grep bird"))
      .trim()
      .split("\n")
      .map((line) => line.trim());
    assert.deepEqual(routes.sort(), [
      "172.16.0.128/26 via 10.0.4.10 dev tunl0 proto bird onlink",
      "172.16.0.64/26 via 10.0.3.11 dev tunl0 proto bird onlink",
      "blackhole 172.16.0.0/26 proto bird",
    ]);
    const device = await twin.on("cp1", "ip -o link show tunl0; ip -o -4 addr show tunl0");
    assert.match(device, /mtu 8981/);
    assert.match(device, /inet 172\.16\.0\.0\/32/);
    assert.match(
      await twin.on("cp1", "ip route get 172.16.0.1"),
      / src 10\.0\.3\.10 /,
      "a node to its own pod",
    );
    const outside = await pinged(twin, "cp1", "ens5", "ip proto 4", "cp1-1", "172.16.0.129");
    assert.match(
      outside,
      /length 118: 10\.0\.3\.10 > 10\.0\.4\.10: .*172\.16\.0\.1 > 172\.16\.0\.129: ICMP echo request/,
    );
    const within = await pinged(twin, "cp1", "tunl0", "icmp", "cp1-1", "172.16.0.129");
    assert.match(within, /172\.16\.0\.1 > 172\.16\.0\.129: ICMP echo request/);
    assert.doesNotMatch(within, /10\.0\.3\.10/, "on tunl0 the packets have no outer header");
  });

  it("lets IPIP seem to work without a rule for protocol 4 once both sides have sent, as in calico#1996", async () => {
    const twin = await bring("IPIP", { faults: ["ipip-blocked"] });
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

  it("has under VXLAN Calico's device, VNI, port, neighbours and forwarding entries, and UDP 4789 on the wire", async () => {
    const twin = await bring("VXLAN");
    const device = await twin.on("cp1", "ip -d -o link show vxlan.calico");
    assert.match(device, /mtu 8951 .*vxlan id 4096 local 10\.0\.3\.10 dev ens5 .*dstport 4789 nolearning/);
    assert.match(
      await twin.on("cp1", "ip neigh show dev vxlan.calico"),
      /172\.16\.0\.128 lladdr 66:\S+ PERMANENT/,
    );
    assert.match(
      await twin.on("cp1", "bridge fdb show dev vxlan.calico"),
      /66:\S+ dst 10\.0\.4\.10 self permanent/,
    );
    assert.match(
      await twin.on("cp1", "ip route"),
      /172\.16\.0\.128\/26 via 172\.16\.0\.128 dev vxlan\.calico onlink/,
    );
    const outside = await pinged(twin, "cp1", "ens5", "udp port 4789", "cp1-1", "172.16.0.129");
    assert.match(outside, /10\.0\.3\.10\.\d+ > 10\.0\.4\.10\.4789: VXLAN, flags \[I\] \(0x08\), vni 4096/);
  });

  it("solicits no routers, and its switches have no IPv6: in a large subnet that was more than the machine's kernel has room for", async () => {
    const twin = await bring("VXLAN");
    assert.equal(await twin.on("cp1", "cat /proc/sys/net/ipv6/conf/ens5/router_solicitations"), "0\n");
    assert.match(await twin.on("cp1", "ip -6 -br addr show dev ens5"), /fe80::/, "as on a real node");
    assert.equal(await twin.run("ip -n fabric -6 -br addr show scope link"), "");
  });

  it("answers ARP for the pods' gateway 169.254.1.1, and names their veth devices as Calico does", async () => {
    const twin = await bring("VXLAN");
    assert.match(
      await twin.on("cp1-1", "ip route"),
      /^default via 169\.254\.1\.1 dev eth0 \n169\.254\.1\.1 dev eth0 scope link/,
    );
    const listed = await twin.on("cp1", "ip -br link | grep -o '^cali[0-9a-f]*'");
    const veths = listed.trim().split("\n");
    assert.equal(veths.length, 2);
    for (const veth of veths) {
      assert.match(veth, /^cali[0-9a-f]{11}$/);
      assert.equal(await twin.on("cp1", `cat /proc/sys/net/ipv4/conf/${veth}/proxy_arp`), "1\n");
    }
  });

  it("has for natOutgoing a masquerade rule that uses Calico's sets of pools", async () => {
    const twin = await bring("VXLAN");
    const rules = await twin.on("cp1", "nft list ruleset");
    assert.match(
      rules,
      /ip saddr @masq-ipam-pools ip daddr != @all-ipam-pools counter packets \d+ bytes \d+ masquerade/,
    );
    const listed = await twin.on("cp1", "iptables -t nat -L cali-nat-outgoing -n -v 2> /dev/null");
    assert.match(listed, /chain cali-nat-outgoing \{\n.*counter packets [1-9]\d* /);
    assert.match(rules, /elements = \{ 172\.16\.0\.0\/16 \}/);
    await bring("VXLAN", { natOutgoing: false });
    assert.doesNotMatch(await twin.on("cp1", "nft list table ip calico"), /masquerade/);
  });

  it("lists every pod's namespace with lsns, as long as the pod exists", async () => {
    const listed = async (raw: RawConfig = {}) => {
      const twin = await bring("VXLAN", raw);
      return (await twin.on("w1", "lsns -t net -n -o NSFS,COMMAND"))
        .match(/netns\/\S+-\d(?= .*\/pause$)/gm)
        ?.sort();
    };
    assert.deepEqual(
      await listed(),
      ["cp1-1", "cp1-2", "w1-1", "w1-2", "w2-1", "w2-2"].map((pod) => `netns/${pod}`),
    );
    const topology = [{ name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] }];
    assert.deepEqual(
      await listed({ topology }),
      ["cp1-1", "cp1-2", "w1-1", "w1-2"].map((pod) => `netns/${pod}`),
    );
  });

  it("has a web server on the internet host, which sees no pod's address", async () => {
    const twin = await bring("VXLAN");
    const page = await twin.on(
      "w1-1",
      "exec 3<>/dev/tcp/203.0.113.10/80; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3",
    );
    assert.match(page, /^HTTP\/1\.1 200 OK\r\n[\s\S]*Your request came from 203\.0\.113\.1, port \d+\.\n$/);
  });

  it("has look-alikes of calicoctl and kubectl, which show the plan and say what they are", async () => {
    const twin = await bring("VXLAN");
    const shown = (line: string) => twin.on("cp1", `{ ${line}; } 2>&1`);
    const first = /^\w+: a read-only look-alike of the lab's plan; a twin has no Kubernetes\.\n/;
    for (const [line, wanted] of [
      [
        "calicoctl get ippool -o wide",
        /^default-ipv4-ippool +172\.16\.0\.0\/16 +true +Never +Always +false/m,
      ],
      ["calicoctl get workloadendpoints", /^w2-1 +w2 +172\.16\.0\.129\/32 +cali[0-9a-f]{11}$/m],
      ["calicoctl node status", /^\| 10\.0\.4\.10 +\| node-to-node mesh \| up +\| .* \| Established \|$/m],
      ["kubectl get pods -A -o wide", /^w1-2 +172\.16\.0\.66 +w1$/m],
      ["kubectl get nodes -owide", /^cp1 +control-plane +10\.0\.3\.10$/m],
    ] as const) {
      const text = await shown(line);
      assert.match(text, first);
      assert.match(text, wanted, line);
    }
    assert.match(
      await shown("kubectl get svc || true"),
      /There is no `kubectl get svc` here\. There are: `kubectl get pods`, `kubectl get nodes`\./,
    );
    assert.match(await shown("calicoctl get ippool -o yaml || true"), /the only output is that of `-o wide`/);
  });

  it("has under None BIRD's routes over the node's own interface, and birdc shows the mesh", async () => {
    const twin = await bring("None");
    assert.match(
      await twin.on("cp1", "ip route | grep bird"),
      /172\.16\.0\.64\/26 via 10\.0\.3\.11 dev ens5 proto bird/,
    );
    const mesh = await twin.on("cp1", "birdc show protocols | grep Mesh");
    assert.equal(mesh.match(/Mesh_10_0_\d_1\d .*Established/g)?.length, 2);
  });
});
