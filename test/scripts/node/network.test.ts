// routes.sh, pod-network.sh and network-leftovers.sh in a network namespace, with real routes and rules.
import assert from "node:assert/strict";
import { Sandbox, source, type Values } from "../../support/node-sandbox";

const NIC =
  "ip link add nic0 type veth peer name wire; ip link set wire up; ip addr add 10.0.3.10/24 dev nic0; ip link set nic0 up";
const GATEWAY = `${NIC}; ip route add default via 10.0.3.1`;

describe("the node's network", () => {
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = new Sandbox();
  });
  afterEach(() => sandbox.remove());

  describe("routes.sh", () => {
    // As Felix and BIRD program them: through the tunnel without a protocol, over the NIC with 80 or BIRD's 12.
    const before = `${NIC}; ip link add vxlan.calico type bridge; ip link set vxlan.calico up
      ip route add 172.16.0.64/26 via 10.0.3.11 dev nic0 proto 12
      ip route add 172.16.0.128/26 via 172.16.0.128 dev vxlan.calico onlink
      ip route add 172.16.0.192/26 via 10.0.3.12 dev nic0 proto 80
      ip route add blackhole 172.16.0.0/26 proto 12
      ip route add 172.16.0.5 dev nic0 proto 12`;
    const common = { NODE_NAME: "w1", ABSENT: "", POD_MTU: "1450" };
    // Checks once what wait_for checks again and again.
    const judge = (EXPECTED: string) =>
      sandbox.run(
        { body: `${source("routes")}\ncreate() { local since=$SECONDS; as_expected; }` },
        { EXPECTED, ...common },
        { before },
      );

    it("succeeds when every block has the expected device and gateway", async () => {
      const EXPECTED = [
        "172.16.0.64/26 nic0 10.0.3.11 BIRD",
        "172.16.0.128/26 vxlan.calico - Felix",
        "172.16.0.192/26 direct 10.0.3.12 Felix",
      ].join("\n");
      const ran = await sandbox.run("routes", { EXPECTED, ...common }, { before });
      assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, "\n", "the routes are as planned\n"]);
    });

    for (const [what, expected, said] of [
      ["accepts any device that is not a tunnel, and any gateway", "172.16.0.64/26 direct - BIRD", ""],
      ["accepts everything when nothing is expected", "", ""],
      [
        "rejects a tunnel as a direct route",
        "172.16.0.128/26 direct - Felix",
        "172.16.0.128/26: expected device direct, gateway -, programmed by Felix; found 172.16.0.128/26 via 172.16.0.128 dev vxlan.calico onlink \n",
      ],
      [
        "rejects another device",
        "172.16.0.64/26 tunl0 - BIRD",
        "172.16.0.64/26: expected device tunl0, gateway -, programmed by BIRD; found 172.16.0.64/26 via 10.0.3.11 dev nic0 proto bird \n",
      ],
      [
        "rejects another gateway",
        "172.16.0.64/26 direct 10.0.3.1 BIRD",
        "172.16.0.64/26: expected device direct, gateway 10.0.3.1, programmed by BIRD; found 172.16.0.64/26 via 10.0.3.11 dev nic0 proto bird \n",
      ],
      [
        "rejects BIRD's route where Felix programs the routes",
        "172.16.0.64/26 direct 10.0.3.11 Felix",
        "172.16.0.64/26: expected device direct, gateway 10.0.3.11, programmed by Felix; found 172.16.0.64/26 via 10.0.3.11 dev nic0 proto bird \n",
      ],
      [
        "rejects Felix' route where BIRD programs the routes",
        "172.16.0.192/26 direct - BIRD",
        "172.16.0.192/26: expected device direct, gateway -, programmed by BIRD; found 172.16.0.192/26 via 10.0.3.12 dev nic0 proto 80 \n",
      ],
      [
        "rejects a block without a route",
        "172.16.9.0/26 direct - BIRD",
        "172.16.9.0/26: expected device direct, gateway -, programmed by BIRD; found no route\n",
      ],
      [
        "does not count the node's own blackhole as a route",
        "172.16.0.0/26 direct - BIRD",
        "172.16.0.0/26: expected device direct, gateway -, programmed by BIRD; found blackhole 172.16.0.0/26 proto bird \n",
      ],
    ] as const) {
      it(what, async () => {
        const ran = await judge(expected);
        assert.equal(ran.stderr.replace(/^failed.*\n/gm, ""), said);
        assert.equal(ran.status, said ? 1 : 0);
      });
    }

    it("gives up in the end, with what was expected and all routes", async () => {
      const ran = await sandbox.run(
        { body: source("routes").replace("wait_for 60", "wait_for 0") },
        { EXPECTED: "172.16.9.0/26 direct - BIRD", ...common },
        { before },
      );
      assert.equal(ran.status, 1);
      assert.match(ran.stderr, /172\.16\.9\.0\/26: expected device direct, .*; found no route\n/);
      assert.match(ran.stderr, /\nthe routes are not as planned; all routes: .*blackhole 172\.16\.0\.0\/26/);
    });

    it("removes a route of BIRD that blocks Felix' route, and says so", async () => {
      // Felix tries again and again, and succeeds when BIRD's route is gone.
      const felix = `( until ip route add 172.16.0.64/26 via 172.16.0.64 dev vxlan.calico onlink 2>/dev/null; do sleep 0.1; done ) &`;
      const ran = await sandbox.run(
        // The step waits ten seconds for BIRD; the test does not.
        { body: source("routes").replace("SECONDS - since >= 10", "SECONDS - since >= 0") },
        { EXPECTED: "172.16.0.64/26 vxlan.calico - Felix", ...common },
        { before: `${before}; ${felix}`, after: "ip route show exact 172.16.0.64/26" },
      );
      assert.equal(ran.status, 0, ran.stderr);
      assert.match(
        ran.stderr,
        /note: BIRD had left its route to 172\.16\.0\.64\/26 on \S*, which blocked Felix' route/,
      );
      assert.match(ran.stdout, /via 172\.16\.0\.64 dev vxlan\.calico onlink/);
    });

    it("removes the tunnel's device that Felix leaves on a node without a tunnel address, and says so", async () => {
      const ran = await sandbox.run(
        "routes",
        { EXPECTED: "172.16.0.64/26 direct - BIRD", ...common, ABSENT: "vxlan.calico" },
        { before, after: "ip route; ip link" },
      );
      assert.equal(ran.status, 0, ran.stderr);
      assert.match(
        ran.stderr,
        /note: Calico had left vxlan\.calico on w1, to which no pool gives a tunnel address/,
      );
      assert.doesNotMatch(ran.stdout, /vxlan\.calico/);
    });

    it("lists only the pods that still have another MTU", async () => {
      sandbox.command("kubectl", "printf 'default web-1\ndefault web-2\nkube-system etcd-cp1\n'");
      const pod = (name: string, mtu: number) =>
        `ip link add cali$(printf %s default.${name} | sha1sum | head -c 11) mtu ${mtu} type veth peer name ${name}`;
      const ran = await sandbox.run(
        "routes",
        { EXPECTED: "", ...common },
        { before: `${pod("web-1", 1500)}; ${pod("web-2", 1450)}` },
      );
      assert.equal(ran.status, 0, ran.stderr);
      assert.equal(ran.stdout, "default/web-1\n");
      assert.match(
        ran.stderr,
        /keep their MTU until they are restarted \(new ones get 1450\): default\/web-1\n/,
      );
    });
  });

  it("is without the tunnel and the routes of an earlier Felix when kubeadm starts over, and keeps all others", async () => {
    sandbox.command("kubeadm", "true");
    const before = `${NIC}; ip link add vxlan.calico type bridge; ip link set vxlan.calico up
      ip route add 172.16.0.64/26 via 10.0.3.11 dev nic0 proto 80 onlink
      ip route add blackhole 172.16.0.0/26 proto 80
      ip route add 172.16.0.128/26 via 172.16.0.128 dev vxlan.calico onlink
      ip route add 172.30.0.0/16 via 10.0.3.12 dev nic0 proto static`;
    const ran = await sandbox.run(
      { body: `${source("kubeadm")}\ncreate() { start_over "another cluster was here"; }` },
      { NODE_NAME: "w1" },
      { before, after: "ip route; ip link" },
    );
    assert.equal(ran.status, 0, ran.stderr);
    assert.match(ran.stdout, /^172\.30\.0\.0\/16 via 10\.0\.3\.12 dev nic0/m);
    assert.doesNotMatch(ran.stdout, /172\.16\.|vxlan\.calico/);
  });

  describe("pod-network.sh", () => {
    const values: Values = {
      POD_CIDR: "172.16.0.0/16",
      BLOCK: "172.16.0.0/26",
      ROUTES: "172.16.0.64/26 10.0.3.11\n172.16.0.128/26 10.0.4.10\n",
      MTU: "1430",
      NAT_OUTGOING: "1",
    };
    const show = "ip route show proto 201; nft list tables";

    beforeEach(() => {
      for (const plugin of ["bridge", "host-local", "portmap", "loopback"])
        sandbox.write(`opt/cni/bin/${plugin}`, "");
      sandbox.command(
        "systemctl",
        `case "$1 $2" in "restart encaplab-pod-network.service") # as systemd does
           sed -n 's/^ExecStart=//p' /etc/systemd/system/$2 | while read -r line; do $line || exit 1; done ;;
         esac`,
      );
    });
    const usable = "chmod 755 /opt/cni/bin/*";

    it("adds a route to each other node's block, over the gateway to other subnets, and a CNI network", async () => {
      const ran = await sandbox.run("pod-network", values, { before: `${GATEWAY}; ${usable}`, after: show });
      assert.equal(ran.status, 0, ran.stderr);
      assert.deepEqual(
        ran.stdout.split("\n").map((line) => line.trim()),
        [
          "blackhole 172.16.0.0/26 metric 1024",
          "172.16.0.64/26 via 10.0.3.11 dev nic0",
          "172.16.0.128/26 via 10.0.3.1 dev nic0",
          "table ip encaplab",
          "",
        ],
      );
      const { plugins } = JSON.parse(sandbox.read("etc/cni/net.d/10-encaplab.conflist"));
      assert.equal(plugins[0].mtu, 1430);
      assert.deepEqual(plugins[0].ipam.ranges, [[{ subnet: "172.16.0.0/26" }]]);
    });

    it("removes routes to nodes that left and its own masquerade, and keeps foreign routes", async () => {
      await sandbox.run("pod-network", values, { before: `${GATEWAY}; ${usable}` });
      const ran = await sandbox.run(
        "pod-network",
        { ...values, ROUTES: "172.16.0.64/26 10.0.3.11", NAT_OUTGOING: "0" },
        {
          before: `${GATEWAY}; ip route add 172.16.0.128/26 via 10.0.3.1 proto 201
            ip route add 192.0.2.0/24 via 10.0.3.1 proto 186; nft add table ip encaplab`,
          after: `${show}; ip route show 192.0.2.0/24`,
        },
      );
      assert.equal(ran.status, 0, ran.stderr);
      assert.doesNotMatch(ran.stdout, /172\.16\.0\.128|encaplab/);
      assert.match(ran.stdout, /172\.16\.0\.64[\s\S]*192\.0\.2\.0\/24 via 10\.0\.3\.1/);
    });

    it("deletes everything it made", async () => {
      const before = `${GATEWAY}; ${usable}; ip route add 172.16.0.64/26 via 10.0.3.11 proto 201; nft add table ip encaplab`;
      await sandbox.run("pod-network", values, { before: `${GATEWAY}; ${usable}` });
      const ran = await sandbox.run("pod-network", values, { action: "delete", before, after: show });
      assert.deepEqual([ran.status, ran.stdout], [0, ""], ran.stderr);
      assert.equal(sandbox.read("etc/cni/net.d/10-encaplab.conflist"), "");
    });

    it("says which CNI plugin is missing, and which packages have it", async () => {
      const ran = await sandbox.run("pod-network", values, {
        before: `${GATEWAY}; ${usable}; rm /opt/cni/bin/portmap`,
      });
      assert.equal(ran.status, 1);
      assert.match(
        ran.stderr,
        /no CNI plugin 'portmap' in \/opt\/cni\/bin; install the package kubernetes-cni/,
      );
    });
  });

  it("network-leftovers.sh removes what Calico and kube-proxy left, and nothing else", async () => {
    const ran = await sandbox.run(
      { body: `${source("before")}\n${source("network-leftovers")}\ncreate() { network_leftovers; }` },
      { POD_CIDR: "172.16.0.0/16" },
      {
        before: `${GATEWAY}
          for name in cali0123456789a vxlan.calico cni0 kube-ipvs0 calm0 calico0; do ip link add $name type bridge; done
          ip address add 172.16.2.1/26 dev cni0
          ip route add 172.16.0.64/26 via 10.0.3.11 proto 12; ip route add blackhole 172.16.0.0/26 proto 80
          ip route add 172.16.0.128/26 via 10.0.3.11 proto boot; ip route add 172.16.0.5 dev nic0 proto boot
          ip route add blackhole 172.16.1.0/26 proto bird; ip route add 172.16.1.64/26 via 10.0.3.1 proto 201
          ip route add 192.0.2.0/24 via 10.0.3.11 proto 12
          ip rule add priority 99 not fwmark 0x100000/0x100000 table 1; ip rule add priority 99 from 172.16.0.0/24 fwmark 0/0x100000 table 1
          ip rule add priority 99 from 192.0.2.9 table 1; ip rule add priority 98 not fwmark 0x100000/0x100000 table 1
          ip route add 203.0.113.0/24 via 10.0.3.11 table 1; ip route add throw 172.16.3.0/26 table 1
          ip route add 198.51.100.0/24 via 10.0.3.11 proto boot
          mkdir -p /var/lib/encaplab; echo ip mangle >/var/lib/encaplab/tables
          for table in 'ip kube-proxy' 'ip6 kube-proxy' 'ip calico' 'ip encaplab' 'ip encaplab-metadata' 'inet mine' 'ip mangle'; do nft add table $table; done
          nft add table ip nat; nft 'add chain ip nat POSTROUTING { type nat hook postrouting priority 100; policy accept; }'
          nft add table ip filter; nft 'add chain ip filter FORWARD { type filter hook forward priority 0; policy accept; }'
          nft add rule ip filter FORWARD ip saddr 192.0.2.7 drop`,
        after:
          "ip -o link | awk -F '[ :]+' '{ print $2 }' | sort; ip route; ip rule; ip route show table 1; nft list tables",
      },
    );
    assert.equal(ran.status, 0, ran.stderr);
    const lines = ran.stdout.split("\n").map((line) => line.trim());
    for (const kept of [
      "calm0",
      "calico0",
      "99:\tfrom 192.0.2.9 lookup 1",
      "98:\tnot from all fwmark 0x100000/0x100000 lookup 1",
      "203.0.113.0/24 via 10.0.3.11 dev nic0",
      "table ip mangle",
      "nic0@wire",
      "192.0.2.0/24 via 10.0.3.11 dev nic0 proto bird",
      "198.51.100.0/24 via 10.0.3.11 dev nic0",
      "table inet mine",
      "table ip filter",
    ])
      assert.ok(lines.includes(kept), `${kept} in ${ran.stdout}`);
    assert.doesNotMatch(
      ran.stdout,
      /cali0123|vxlan|cni0|kube|172\.16|99:\tnot|table ip (nat|calico|encaplab)/m,
    );
  });

  it("network-leftovers.sh keeps interfaces of the lab's names that are another program's", async () => {
    const ran = await sandbox.run(
      { body: `${source("before")}\n${source("network-leftovers")}\ncreate() { devices; }` },
      { POD_CIDR: "172.16.0.0/16" },
      {
        before: `for name in cni0 tunl0; do ip link add $name type bridge; ip link set $name up mtu 1400; done
          ip address add 10.244.0.1/24 dev cni0; ip address add 192.0.2.1/32 dev tunl0; ip address add 172.16.0.1/32 dev tunl0`,
        after:
          "ip -o address show scope global | awk '{ print $2, $4 }'; ip link show tunl0 | grep -o 'mtu [0-9]*'",
      },
    );
    assert.equal(ran.stdout, "cni0 10.244.0.1/24\ntunl0 192.0.2.1/32\nmtu 1400\n", ran.stderr);
  });

  it("network-leftovers.sh removes kube-proxy's IPVS services, and keeps those of others", async () => {
    sandbox.command("ipvsadm", `echo "$*" >>${sandbox.path("calls")}`);
    // In hexadecimal: 10.96.0.1:443, 10.0.3.10:30080 and :30081, 192.0.2.1:80, 10.0.3.10:80, 10.96.0.10:53
    sandbox.write(
      "run/ip_vs",
      `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  0A600001:01BB rr
  -> 0A00030A:192B      Masq    1      0          0
TCP  0A00030A:7580 rr
TCP  0A00030A:7581 rr
TCP  C0000201:0050 wlc
TCP  0A00030A:0050 wlc
UDP  0A60000A:0035 rr
`,
    );
    const services = async (before: string) => {
      const body = `${source("before")}\n${source("network-leftovers")}\nIPVS=/run/ip_vs
        create() { echo "-t 10.0.3.10:30081" >$STATE/ipvs; services_of_ipvs; }`;
      const ran = await sandbox.run({ body }, { POD_CIDR: "172.16.0.0/16" }, { before });
      assert.equal(ran.status, 0, ran.stderr);
      return sandbox.calls().filter((call) => call.startsWith("--"));
    };
    assert.deepEqual(await services(NIC), [], "without kube-proxy's interface");
    const addresses = ["10.96.0.1", "10.96.0.10"].map((one) => `ip address add ${one}/32 dev kube-ipvs0`);
    assert.deepEqual(await services([NIC, "ip link add kube-ipvs0 type bridge", ...addresses].join("; ")), [
      "--delete-service -t 10.96.0.1:443",
      "--delete-service -t 10.0.3.10:30080",
      "--delete-service -u 10.96.0.10:53",
    ]);
  });

  describe("network-leftovers.sh and host ports", () => {
    const rules = (...containers: string[]) =>
      [
        "*nat",
        ":PREROUTING ACCEPT [3:180]",
        ...["DNAT", "MASQ", "SETMARK"].map((name) => `:CNI-HOSTPORT-${name} - [0:0]`),
        ":KUBE-SERVICES - [0:0]",
        ...containers.map((name) => `:CNI-DN-${name} - [0:0]`),
        "[1:60] -A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT",
        "[0:0] -A PREROUTING -j KUBE-SERVICES",
        ...containers.map(
          (name) =>
            `[2:120] -A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \\"${name}\\" id: \\"5e\\"" -m multiport --dports 80 -j CNI-DN-${name}`,
        ),
        ...containers.map((name) => `[2:120] -A CNI-DN-${name} -p tcp -j DNAT --to-destination 10.88.0.3:80`),
        "COMMIT",
      ].join("\n");
    const kept = async (text: string) => {
      sandbox.write("run/rules", text);
      const body = `${source("before")}\n${source("network-leftovers")}\ncreate() { kept_rules </run/rules >&3; }`;
      return (await sandbox.run({ body }, {})).stdout.trim();
    };

    it("removes those of the lab's pods, and keeps podman's", async () => {
      const text = rules("k8s-pod-network", "podman", "encaplab");
      const wanted = rules("podman")
        .split("\n")
        .filter((line) => !line.includes("KUBE-"));
      assert.equal(await kept(text), wanted.join("\n"));
    });

    it("removes the common chains with the last container", async () => {
      assert.equal(await kept(rules("k8s-pod-network")), "*nat\n:PREROUTING ACCEPT [3:180]\nCOMMIT");
    });

    it("changes nothing where all is another program's", async () => {
      const text = rules("podman")
        .split("\n")
        .filter((line) => !line.includes("KUBE-"))
        .join("\n");
      assert.equal(await kept(text), text);
    });
  });

  describe("metadata.sh", () => {
    const run = (part: string, before = "", after = "") =>
      sandbox.run(
        { body: `${source("metadata")}\ncreate() { ${part}; }` },
        { POD_CIDR: "172.16.0.0/16" },
        { before, after },
      );

    it("drops what pods send to a cloud's metadata service, but not names, the node or others", async () => {
      // The counter of accepted packets behind the table; the namespace of a pod; a gateway that leads anywhere.
      const before = `${NIC}; ip route add default dev nic0; echo 1 >/proc/sys/net/ipv4/ip_forward
        unshare --net sleep 60 & pod=$!; until [[ ! /proc/$pod/ns/net -ef /proc/self/ns/net ]]; do sleep 0.01; done
        ip link add cali0 type veth peer name eth0 netns $pod; ip link set cali0 up; ip route add 172.16.0.7 dev cali0
        ip route add 192.0.2.7 dev cali0; ip addr add 169.254.1.1/32 dev cali0
        in_pod() { nsenter --net=/proc/$pod/ns/net "$@"; }
        in_pod ip link set eth0 up; in_pod ip addr add 172.16.0.7/32 dev eth0; in_pod ip addr add 192.0.2.7/32 dev eth0
        in_pod ip route add 169.254.1.1 dev eth0; in_pod ip route add default via 169.254.1.1 dev eth0
        nft 'add table ip after; add chain ip after forward { type filter hook forward priority 100; }'
        nft 'add rule ip after forward ip saddr . ip daddr . tcp dport { 172.16.0.7 . 169.254.169.254 . 80 } counter comment "metadata"
          add rule ip after forward ip saddr . ip daddr . tcp dport { 172.16.0.7 . 169.254.169.254 . 53 } counter comment "names"
          add rule ip after forward ip saddr . ip daddr . tcp dport { 172.16.0.7 . 203.0.113.1 . 80 } counter comment "web"
          add rule ip after forward ip saddr . ip daddr . tcp dport { 192.0.2.7 . 169.254.169.254 . 80 } counter comment "other"'`;
      const after = `connect() { in_pod timeout 0.3 bash -c "exec 3<>/dev/tcp/$1" 2>/dev/null || true; }
        connect 169.254.169.254/80; connect 169.254.169.254/53; connect 203.0.113.1/80
        in_pod ip route replace default via 169.254.1.1 dev eth0 src 192.0.2.7; connect 169.254.169.254/80
        nft list table ip after | sed -n 's/.*packets \\([0-9]*\\) .*comment "\\(.*\\)"/\\2 \\1/p' | sed 's/ [1-9].*/ some/'; kill $pod`;
      const ran = await run(
        'metadata_table >"$RUN/table"; nft -f "$RUN/table"; nft -f "$RUN/table"',
        before,
        after,
      );
      assert.equal(ran.stdout, "metadata 0\nnames some\nweb some\nother some\n", ran.stderr);
    });

    it("is restored after a reboot, and its files are in reset.sh's record", async () => {
      const ran = await run("no_metadata_for_pods");
      assert.equal(ran.status, 0, ran.stderr);
      assert.match(
        sandbox.read("etc/systemd/system/encaplab-metadata.service"),
        /nft -f \/etc\/encaplab-metadata\.nft/,
      );
      assert.ok(sandbox.calls().includes("systemctl restart encaplab-metadata.service"));
      assert.match(sandbox.read("var/lib/encaplab/made"), /^\/etc\/encaplab-metadata\.nft$/m);
    });
  });
});
