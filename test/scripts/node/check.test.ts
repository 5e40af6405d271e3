// check.sh, rules.sh and trial.sh in network namespaces, with real addresses, routes, sockets and nftables rules.
import assert from "node:assert/strict";
import { type Finding, parseLook } from "../../../components/cluster/check";
import { type Ran, Sandbox, source, type Values } from "../../support/node-sandbox";

const NIC =
  "ip link add nic0 type veth peer name wire; ip link set wire up; ip addr add 10.0.3.11/24 dev nic0; ip link set nic0 up";
const VALUES: Values = {
  NODE_NAME: "w1",
  NODE_ADDRESS: "10.0.3.11",
  SUBNET: "10.0.3.0/24",
  ROLE: "worker",
  PEERS: "10.0.3.10",
  NEEDS:
    "kubelet tcp 10250 10250 refuse\nbgp tcp 179 179 refuse\nipip 4 - - refuse\nvxlan udp 4789 4789 warn",
  POD_CIDR: "172.16.0.0/16",
  SERVICE_CIDR: "10.96.0.0/12",
  LINK_MTU: "1500",
  KUBERNETES_VERSION: "1.34.7",
  PROXY_MODE: "iptables",
  CALICO: "1",
  TUNNEL: "tunl0",
  LINK_PEER: "",
  LINK_NEEDS: "",
  LINK_WAY: "out",
};
/** Of a gateway, at the other end of whose NIC is the other site's. */
const GATEWAY: Values = {
  LINK_PEER: "198.51.100.2",
  LINK_NEEDS: "ike udp 500 500 refuse\nnat-t udp 4500 4500 refuse",
  LINK_WAY: "in",
};
const WAN =
  "ip link add wan0 type veth peer name wan1; ip link set wan1 up; ip addr add 198.51.100.1/24 dev wan0; ip link set wan0 up";
/** A chain of the machine's own, with a policy, and its rules. */
const chain = (hook: string, policy: string, ...rules: string[]) =>
  [
    "nft add table inet own",
    `nft 'add chain inet own ${hook} { type filter hook ${hook} priority 0; policy ${policy}; }'`,
    ...rules.map((rule) => `nft 'add rule inet own ${hook} ${rule}'`),
  ].join("\n");

describe("check.sh", function () {
  this.timeout(120_000);
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = new Sandbox();
    sandbox.command("systemctl", "exit 1");
    sandbox.write("etc/resolv.conf", "nameserver 192.0.2.53\n");
    // The size of this machine is not the test's business.
    sandbox.command("df", "printf 'Filesystem\\nx 0 0 99999999 0 /\\n'");
  });
  afterEach(() => sandbox.remove());

  const run = (before: string, values: Values = {}, after = ""): Promise<Ran> =>
    sandbox.run("check", { ...VALUES, ...values }, { action: "look", before: `${NIC}\n${before}`, after });
  const found = async (before: string, values: Values = {}): Promise<Finding[]> => {
    const ran = await run(before, values);
    assert.deepEqual([ran.status, ran.stderr], [0, ""]);
    return parseLook("w1", ran.stdout).findings;
  };
  const codes = async (before: string, values: Values = {}) =>
    (await found(before, values)).map(({ severity, code }) => `${severity} ${code}`);
  const only = async (before: string, values: Values = {}): Promise<string> => {
    const findings = await found(before, values);
    assert.equal(findings.length, 1, JSON.stringify(findings));
    const [{ severity, code, sentence } = { severity: "", code: "", sentence: "" }] = findings;
    return `${severity} ${code}: ${sentence}`;
  };
  const isNode = () => sandbox.write("var/lib/encaplab/kubeadm", "join done\n");

  it("finds another way to the next subnet than by the router that learns the pods", async () => {
    const PEERS = "10.0.3.10\n10.0.4.10";
    const by = (gateway: string) => `ip route add default via ${gateway}`;
    const GATEWAY = "10.0.3.254";
    assert.deepEqual(await codes(by(GATEWAY), { PEERS, GATEWAY }), []);
    assert.match(
      await only(by("10.0.3.1"), { PEERS, GATEWAY }),
      /^refuse other-gateway: .* 10\.0\.4\.10 not by the lab's router 10\.0\.3\.254, .*: 10\.0\.4\.10 via 10\.0\.3\.1 dev nic0/,
    );
    assert.match(await only("", { PEERS, GATEWAY }), /^refuse other-gateway: .*no route/);
    assert.deepEqual(await codes(by("10.0.3.1"), { PEERS }), [], "no router learns pods here");
  });

  it("finds nothing on a plain machine, tells its facts and changes nothing", async () => {
    sandbox.write("etc/machine-id", "0123456789abcdef0123456789abcdef\n");
    const ran = await run("", {}, "nft list tables; ls /var/lib /run; ip -br link | wc -l");
    assert.deepEqual([ran.status, ran.stderr], [0, ""]);
    const { findings, facts } = parseLook("w1", ran.stdout);
    assert.deepEqual(findings, []);
    assert.equal(facts["machine-id"], "0123456789abcdef0123456789abcdef");
    assert.match(facts.mac ?? "", /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
    assert.ok(Math.abs(Number(facts.time) - Date.now() / 1000) < 3600);
    assert.match(ran.stdout, /\n\/run:\n\n\/var\/lib:\n3\n$|\n\/run:\n\/var\/lib:\n3\n$/);
  });

  describe("on firewalls, whose rules it tries in a namespace", () => {
    it("refuses what they drop from other nodes, names it, and warns of what only VXLAN needs", async () => {
      const rules = chain(
        "input",
        "drop",
        "ct state established,related accept",
        "iif nic0 tcp dport { 22, 10250 } ip saddr 10.0.3.0/24 accept",
      );
      const findings = await found(rules);
      assert.deepEqual(
        findings.map(({ severity, code, sentence }) => [severity, code, sentence.split(";")[0]]),
        [
          [
            "refuse",
            "firewall-in",
            "w1's own firewall (table inet own) drops TCP 179, IP protocol 4 from other nodes of the lab",
          ],
          [
            "warn",
            "firewall-in",
            "w1's own firewall (table inet own) drops UDP 4789 from other nodes of the lab, which some encapsulations need",
          ],
        ],
      );
    });

    it("refuses what they keep from leaving and what they reject of forwarded packets, and understands sets", async () => {
      const set =
        "nft 'add set inet own nodes { type ipv4_addr; flags interval; elements = { 10.0.3.0/24 } }'";
      const rules = [
        chain("input", "drop").replace("\n", `\n${set}\n`),
        "nft add rule inet own input ip saddr @nodes accept",
        chain("output", "accept", "ip protocol 4 reject"),
        chain("forward", "accept", "reject"),
      ];
      assert.deepEqual(await codes(rules.join("\n")), ["refuse firewall-out", "refuse firewall-forward"]);
    });

    it("knows the tables of its own kube-proxy and Calico on a node, but not on a machine that is none", async () => {
      const rules = chain("input", "drop").replaceAll("inet own", "ip calico");
      isNode();
      assert.deepEqual(await codes(rules), []);
      sandbox.write("var/lib/encaplab/kubeadm", "");
      assert.deepEqual(await codes(rules, { NEEDS: "bgp tcp 179 179 refuse" }), ["refuse firewall-in"]);
    });

    describe("on the gateway of a site", () => {
      it("refuses what they drop of IKE and ESP from the other gateway, by the interface that leads there", async () => {
        const rules = chain(
          "input",
          "accept",
          "iifname wan0 udp dport 500 ip saddr 198.51.100.2 accept",
          "iifname wan0 drop",
        );
        assert.match(
          await only(`${WAN}\n${rules}`, GATEWAY),
          /^refuse link-firewall: w1's own firewall \(table inet own\) drops UDP 4500 from 198\.51\.100\.2, the gateway of the other site/,
        );
        assert.deepEqual(await codes(`${WAN}\n${rules}`), [], "it is no gateway");
        const open = chain("input", "accept", "iifname wan0 ip saddr != 198.51.100.2 drop");
        assert.deepEqual(await codes(`${WAN}\n${open}`, GATEWAY), []);
      });

      it("asks only for the way out where it starts the tunnel: what comes back is an answer", async () => {
        const starts = { ...GATEWAY, LINK_WAY: "out" };
        const stateful = chain(
          "input",
          "accept",
          "iifname wan0 ct state established accept",
          "iifname wan0 drop",
        );
        assert.deepEqual(await codes(`${WAN}\n${stateful}`, starts), []);
        const output = chain("output", "accept", "oifname wan0 udp dport { 500, 4500 } reject");
        assert.match(
          await only(`${WAN}\n${output}`, starts),
          /drops UDP 500, UDP 4500 to 198\.51\.100\.2, the gateway of the other site/,
        );
      });
    });

    it("leaves firewalld's rules out, because the lab turns firewalld off", async () => {
      sandbox.command("systemctl", '[[ "$*" == *firewalld ]]');
      const rules = chain("input", "drop").replaceAll("inet own", "inet firewalld");
      assert.match(await only(rules), /^warn firewalld: firewalld is active on w1.*`up` turns it off/);
    });

    // Stand-ins: the rules are iptables' in name only.
    const iptables = (kind: string) => {
      const rules = "add table ip t; add chain ip t f { type filter hook forward priority 0; policy drop; }";
      sandbox.command(`iptables-${kind}-save`, "echo ':FORWARD DROP [0:0]'");
      sandbox.command(`iptables-${kind}-restore`, `grep -q 'FORWARD DROP' && nft '${rules}'`);
    };

    it("only warns of iptables' policy DROP for forwarded packets where Calico's chains come first", async () => {
      iptables("nft");
      assert.deepEqual(await codes(""), ["warn firewall-forward"]);
      assert.match(
        await only("", { PROXY_MODE: "nftables" }),
        /^refuse firewall-forward: w1's own firewall \(iptables-nft\) drops forwarded packets.*iptables -P FORWARD ACCEPT/,
      );
    });

    it("names ufw, and says so if rules could not be tried", async () => {
      sandbox.command("ufw", "echo 'Status: active'");
      sandbox.command("iptables-nft-save", "echo '-A INPUT -j REJECT'");
      sandbox.command("iptables-nft-restore", "echo 'no such match' >&2; exit 1");
      assert.match(
        await only(""),
        /^warn firewall-unknown: the rules of iptables-nft \(ufw\) on w1 could not be tried \(no such match\)/,
      );
    });
  });

  it("refuses a machine without the node's address, and one where it is a secondary address under IPIP", async () => {
    assert.match(
      await only("", { NODE_ADDRESS: "10.0.3.12" }),
      /^refuse address-missing: w1 has no interface with 10\.0\.3\.12, its address in the config; it has: 10\.0\.3\.11\/24 \(nic0\)/,
    );
    const second = "ip addr add 10.0.3.12/24 dev nic0";
    assert.match(
      await only(second, { NODE_ADDRESS: "10.0.3.12" }),
      /^refuse address-secondary: .*10\.0\.3\.11 on nic0/,
    );
    assert.deepEqual(await codes(second, { NODE_ADDRESS: "10.0.3.12", TUNNEL: "" }), ["warn address-second"]);
    assert.match(
      await only(second),
      /^warn address-second: w1 has more than one address in 10\.0\.3\.0\/24, also 10\.0\.3\.12 on nic0/,
    );
    assert.deepEqual(await codes("", { SUBNET: "10.0.0.0/16" }), ["warn address-prefix"]);
  });

  it("refuses routes inside the lab's ranges, but not a wider one over a gateway, nor a node's own", async () => {
    const docker =
      "ip link add docker0 type bridge; ip addr add 172.16.9.1/24 dev docker0; ip link set docker0 up";
    const others = "ip route add 10.96.7.0/24 via 10.0.3.1; ip route add 10.0.0.0/8 via 10.0.3.1";
    const findings = await found(`${docker}; ${others}`);
    assert.deepEqual(
      findings.map(({ code }) => code),
      ["route-overlap", "route-overlap"],
    );
    const [pods, services] = findings.map(({ sentence }) => sentence);
    assert.match(
      pods ?? "",
      /in podCidr 172\.16\.0\.0\/16: 172\.16\.9\.0\/24 dev docker0[^;]*; remove what made them/,
    );
    assert.match(services ?? "", /in serviceCidr 10\.96\.0\.0\/12: 10\.96\.7\.0\/24 via 10\.0\.3\.1/);
    isNode();
    const ours = `ip link add cali1 type bridge; ip link set cali1 up; ip route add 172.16.0.5 dev cali1
      ip route add 172.16.0.64/26 via 10.0.3.10 proto 12; ip route add blackhole 172.16.0.0/26 proto 80`;
    assert.deepEqual(await codes(ours), []);
  });

  it("refuses a port in use before the machine is a node, and names the program", async () => {
    const socket = 'tcp LISTEN 0 8 0.0.0.0:179 0.0.0.0:* users:(("gobgpd",pid=7,fd=3))';
    sandbox.command("ss", `echo '${socket}'; echo 'tcp LISTEN 0 8 0.0.0.0:22 0.0.0.0:*'`);
    assert.match(
      await only(""),
      /^refuse port-in-use: TCP 179 is in use on w1 by gobgpd, and the lab needs it \(bgp\): stop that program/,
    );
    isNode();
    assert.deepEqual(await codes(""), []);
  });

  it("refuses another program on IKE's port, but knows the strongSwan that it uses itself", async () => {
    const socket = (program: string) =>
      sandbox.command("ss", `echo 'udp UNCONN 0 0 0.0.0.0:500 0.0.0.0:* users:(("${program}",pid=7,fd=3))'`);
    socket("pluto");
    assert.match(
      await only(WAN, GATEWAY),
      /^refuse port-in-use: UDP 500 is in use on w1 by pluto, and the lab needs it \(ike\)/,
    );
    assert.deepEqual(await codes(WAN), [], "it is no gateway");
    socket("charon-systemd");
    assert.deepEqual(await codes(WAN, GATEWAY), []);
  });

  it("refuses a gateway that does not find the other one", async () => {
    assert.match(
      await only("", { ...GATEWAY, LINK_PEER: "no-such-gateway.invalid" }),
      /^refuse link-name: w1 finds no IPv4 address of no-such-gateway\.invalid/,
    );
    assert.match(await only("", GATEWAY), /^refuse link-route: w1 has no route to 198\.51\.100\.2/);
  });

  it("refuses a foreign CNI file that comes first, warns of a later one, and knows its own on a node", async () => {
    sandbox.write("etc/cni/net.d/87-podman.conflist", "{}");
    assert.deepEqual(await codes(""), ["warn cni-foreign"]);
    sandbox.write("etc/cni/net.d/05-cilium.conflist", "{}");
    sandbox.write("etc/cni/net.d/10-calico.conflist", "{}");
    assert.deepEqual(await codes(""), ["refuse cni-foreign", "warn cni-foreign", "warn cni-foreign"]);
    isNode();
    assert.deepEqual(await codes(""), ["refuse cni-foreign", "warn cni-foreign"]);
  });

  it("warns of a name server on loopback, unless systemd-resolved has the real ones", async () => {
    sandbox.write("etc/resolv.conf", "search x\nnameserver 127.0.0.53\n");
    assert.match(
      await only(""),
      /^warn dns-loop: \/etc\/resolv\.conf on w1 names the name server 127\.0\.0\.53/,
    );
    sandbox.command("systemctl", '[[ "$*" == *systemd-resolved ]]');
    sandbox.write("run/systemd/resolve/resolv.conf", "nameserver 192.0.2.53\n");
    assert.deepEqual(await codes(""), []);
  });

  it("warns of a link that is smaller than planned, and of cgroup v1 where the kubelet refuses it", async () => {
    assert.match(
      await only("ip link set nic0 mtu 1442"),
      /^warn mtu: nic0 of w1 carries 1442 bytes, .*set mtu: 1442/,
    );
    const body = `${["kubeadm", "rules", "trial", "check"].map(source).join("\n")}
      mounts() { echo 'cgroup /sys/fs/cgroup/cpu cgroup rw 0 0'; }`;
    for (const [KUBERNETES_VERSION, said] of [
      ["1.35.1", /^warn\tcgroup-v1\tw1 has cgroup v1/m],
      ["1.34.1", /^fact/],
    ] as const) {
      const ran = await sandbox.run(
        { body },
        { ...VALUES, KUBERNETES_VERSION },
        { action: "look", before: NIC },
      );
      assert.match(ran.stdout, said);
    }
  });

  it("refuses what kubeadm would refuse: a small control plane, and another cluster's node", async () => {
    sandbox.command("nproc", "echo 1");
    assert.deepEqual(await codes("", { ROLE: "control-plane" }), ["refuse cores"]);
    assert.deepEqual(await codes(""), []);
    sandbox.write("etc/kubernetes/kubelet.conf", "");
    assert.match(await only(""), /^refuse strange-cluster: w1 belongs to a cluster that is not this lab's/);
  });

  it("stops prepare before anything is changed", async () => {
    const ran = await sandbox.run(
      "prepare",
      { ...VALUES, HOSTS: "10.0.3.11 w1", REQUIRE_IPIP: "0" },
      { before: `${NIC}\nip route add 172.16.9.0/24 dev nic0` },
    );
    assert.equal(ran.status, 1);
    assert.match(
      ran.stderr,
      /^refused: w1 has routes of its own .*\(route-overlap\)\nnothing was changed on w1/m,
    );
    assert.equal(sandbox.exists("var/lib/encaplab/folders"), false);
    assert.equal(sandbox.read("etc/hosts"), "127.0.0.1 localhost\n");
  });
});
