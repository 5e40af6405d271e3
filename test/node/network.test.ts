// routes.sh, pod-network.sh and network-leftovers.sh in a network namespace: real routes, real rules.
import assert from "node:assert/strict";
import { Sandbox, source, type Values } from "./sandbox";

const NIC =
  "ip link add nic0 type veth peer name wire; ip link set wire up; ip addr add 10.0.3.10/24 dev nic0; ip link set nic0 up";
const GATEWAY = `${NIC}; ip route add default via 10.0.3.1`;

describe("the node's routes", () => {
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = new Sandbox();
  });
  afterEach(() => sandbox.remove());

  describe("routes.sh", () => {
    // As Felix and BIRD program them: through the tunnel without a protocol, beside it with 80 or bird's 12.
    const before = `${NIC}; ip link add vxlan.calico type bridge; ip link set vxlan.calico up
      ip route add 172.16.0.64/26 via 10.0.3.11 dev nic0 proto 12
      ip route add 172.16.0.128/26 via 172.16.0.128 dev vxlan.calico onlink
      ip route add 172.16.0.192/26 via 10.0.3.12 dev nic0 proto 80
      ip route add blackhole 172.16.0.0/26 proto 12
      ip route add 172.16.0.5 dev nic0 proto 12`;
    const common = { NODE_NAME: "w1", POD_MTU: "1450" };
    // What wait_for asks again and again, asked once.
    const judge = (EXPECTED: string) =>
      sandbox.run(
        { body: `${source("routes")}\ncreate() { local since=$SECONDS; as_expected; }` },
        { EXPECTED, ...common },
        { before },
      );

    it("is content when every block goes by its device and gateway", async () => {
      const EXPECTED = [
        "172.16.0.64/26 nic0 10.0.3.11 BIRD",
        "172.16.0.128/26 vxlan.calico - Felix",
        "172.16.0.192/26 direct 10.0.3.12 Felix",
      ].join("\n");
      const ran = await sandbox.run("routes", { EXPECTED, ...common }, { before });
      assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, "\n", "the routes are as planned\n"]);
    });

    for (const [what, expected, said] of [
      ["any device that is no tunnel, any gateway", "172.16.0.64/26 direct - BIRD", ""],
      ["nothing at all", "", ""],
      [
        "a tunnel is not direct",
        "172.16.0.128/26 direct - Felix",
        "172.16.0.128/26 should go by direct -, programmed by Felix, and goes by 172.16.0.128/26 via 172.16.0.128 dev vxlan.calico onlink \n",
      ],
      [
        "another device",
        "172.16.0.64/26 tunl0 - BIRD",
        "172.16.0.64/26 should go by tunl0 -, programmed by BIRD, and goes by 172.16.0.64/26 via 10.0.3.11 dev nic0 proto bird \n",
      ],
      [
        "another gateway",
        "172.16.0.64/26 direct 10.0.3.1 BIRD",
        "172.16.0.64/26 should go by direct 10.0.3.1, programmed by BIRD, and goes by 172.16.0.64/26 via 10.0.3.11 dev nic0 proto bird \n",
      ],
      [
        "a route of BIRD's where Felix programs them",
        "172.16.0.64/26 direct 10.0.3.11 Felix",
        "172.16.0.64/26 should go by direct 10.0.3.11, programmed by Felix, and goes by 172.16.0.64/26 via 10.0.3.11 dev nic0 proto bird \n",
      ],
      [
        "a route of Felix' where BIRD programs them",
        "172.16.0.192/26 direct - BIRD",
        "172.16.0.192/26 should go by direct -, programmed by BIRD, and goes by 172.16.0.192/26 via 10.0.3.12 dev nic0 proto 80 \n",
      ],
      [
        "a block without a route",
        "172.16.9.0/26 direct - BIRD",
        "172.16.9.0/26 should go by direct -, programmed by BIRD, and goes by no route\n",
      ],
      [
        "the node's own blackhole is no route",
        "172.16.0.0/26 direct - BIRD",
        "172.16.0.0/26 should go by direct -, programmed by BIRD, and goes by blackhole 172.16.0.0/26 proto bird \n",
      ],
    ] as const) {
      it(`judges: ${what}`, async () => {
        const ran = await judge(expected);
        assert.equal(ran.stderr.replace(/^failed.*\n/gm, ""), said);
        assert.equal(ran.status, said ? 1 : 0);
      });
    }

    it("removes a route that BIRD left where Felix' belongs, and says so", async () => {
      // Felix tries again and again, and succeeds once the place is free.
      const felix = `( until ip route add 172.16.0.64/26 via 172.16.0.64 dev vxlan.calico onlink 2>/dev/null; do sleep 0.1; done ) &`;
      const ran = await sandbox.run(
        // Ten seconds of patience, over at once.
        { body: source("routes").replace("SECONDS - since >= 10", "SECONDS - since >= 0") },
        { EXPECTED: "172.16.0.64/26 vxlan.calico - Felix", ...common },
        { before: `${before}; ${felix}`, after: "ip route show exact 172.16.0.64/26" },
      );
      assert.equal(ran.status, 0, ran.stderr);
      assert.match(
        ran.stderr,
        /note: BIRD had left its route to 172\.16\.0\.64\/26 on \S*, which kept Felix' route out/,
      );
      assert.match(ran.stdout, /via 172\.16\.0\.64 dev vxlan\.calico onlink/);
    });

    it("names the pods that keep another MTU, and no others", async () => {
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
        `case "$1 $2" in "restart encaplab-pod-network.service") # as systemd would
           sed -n 's/^ExecStart=//p' /etc/systemd/system/$2 | while read -r line; do $line || exit 1; done ;;
         esac`,
      );
    });
    const usable = "chmod 755 /opt/cni/bin/*";

    it("makes a route per other node's block, over the gateway to other subnets, and a network for the pods", async () => {
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

    it("takes away routes to nodes that left, leaves foreign ones, and takes its own masquerade back", async () => {
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

    it("takes all of it back", async () => {
      const before = `${GATEWAY}; ${usable}; ip route add 172.16.0.64/26 via 10.0.3.11 proto 201; nft add table ip encaplab`;
      await sandbox.run("pod-network", values, { before: `${GATEWAY}; ${usable}` });
      const ran = await sandbox.run("pod-network", values, { action: "delete", before, after: show });
      assert.deepEqual([ran.status, ran.stdout], [0, ""], ran.stderr);
      assert.equal(sandbox.read("etc/cni/net.d/10-encaplab.conflist"), "");
    });

    it("says which plugin is missing, and where it comes from", async () => {
      const ran = await sandbox.run("pod-network", values, {
        before: `${GATEWAY}; ${usable}; rm /opt/cni/bin/portmap`,
      });
      assert.equal(ran.status, 1);
      assert.match(ran.stderr, /no CNI plugin 'portmap' in \/opt\/cni\/bin; the packages kubernetes-cni/);
    });
  });

  it("are cleaned of what Calico and kube-proxy left, and of nothing else", async () => {
    const ran = await sandbox.run(
      { body: `${source("network-leftovers")}\ncreate() { network_leftovers; }` },
      { POD_CIDR: "172.16.0.0/16" },
      {
        before: `${GATEWAY}
          for name in cali123 vxlan.calico cni0 kube-ipvs0 calm0; do ip link add $name type bridge; done
          ip route add 172.16.0.64/26 via 10.0.3.11 proto 12; ip route add blackhole 172.16.0.0/26 proto 80
          ip route add 172.16.0.128/26 via 10.0.3.11 proto boot; ip route add 172.16.0.5 dev nic0 proto boot
          ip route add blackhole 172.16.1.0/26 proto bird; ip route add 172.16.1.64/26 via 10.0.3.1 proto 201
          ip route add 192.0.2.0/24 via 10.0.3.11 proto 12; ip rule add priority 99 table 1
          ip route add 198.51.100.0/24 via 10.0.3.11 proto boot
          for table in 'ip kube-proxy' 'ip6 kube-proxy' 'ip calico' 'ip encaplab' 'inet mine'; do nft add table $table; done
          nft add table ip nat; nft 'add chain ip nat POSTROUTING { type nat hook postrouting priority 100; policy accept; }'
          nft add table ip filter; nft 'add chain ip filter FORWARD { type filter hook forward priority 0; policy accept; }'
          nft add rule ip filter FORWARD ip saddr 192.0.2.7 drop`,
        after: "ip -o link | awk -F '[ :]+' '{ print $2 }' | sort; ip route; ip rule; nft list tables",
      },
    );
    assert.equal(ran.status, 0, ran.stderr);
    const lines = ran.stdout.split("\n").map((line) => line.trim());
    for (const kept of [
      "calm0",
      "nic0@wire",
      "192.0.2.0/24 via 10.0.3.11 dev nic0 proto bird",
      "198.51.100.0/24 via 10.0.3.11 dev nic0",
      "table inet mine",
      "table ip filter",
    ])
      assert.ok(lines.includes(kept), `${kept} in ${ran.stdout}`);
    assert.doesNotMatch(
      ran.stdout,
      /cali123|vxlan|cni0|kube|172\.16|lookup 1$|table ip (nat|calico|encaplab)/m,
    );
  });
});
