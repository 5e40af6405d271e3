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
    const before = `${NIC}; ip link add vxlan.calico type bridge; ip link set vxlan.calico up
      ip route add 172.16.0.64/26 via 10.0.3.11 dev nic0 proto 12
      ip route add 172.16.0.128/26 via 10.0.4.10 dev vxlan.calico onlink proto 80
      ip route add blackhole 172.16.0.0/26 proto 12
      ip route add 172.16.0.5 dev nic0 proto 12`;
    // What wait_for asks again and again, asked once.
    const judge = (EXPECTED: string) =>
      sandbox.run({ body: `${source("routes")}\ncreate() { as_expected; }` }, { EXPECTED }, { before });

    it("is content when every block goes by its device and gateway", async () => {
      const EXPECTED = "172.16.0.64/26 nic0 10.0.3.11\n172.16.0.128/26 vxlan.calico 10.0.4.10\n";
      const ran = await sandbox.run("routes", { EXPECTED }, { before });
      assert.deepEqual([ran.status, ran.stderr], [0, "the routes are as planned\n"]);
    });

    for (const [what, expected, said] of [
      ["any device that is no tunnel, any gateway", "172.16.0.64/26 direct -", ""],
      ["nothing at all", "", ""],
      [
        "a tunnel is not direct",
        "172.16.0.128/26 direct -",
        "172.16.0.128/26 should go by direct -, and goes by vxlan.calico 10.0.4.10\n",
      ],
      [
        "another device",
        "172.16.0.64/26 tunl0 -",
        "172.16.0.64/26 should go by tunl0 -, and goes by nic0 10.0.3.11\n",
      ],
      [
        "another gateway",
        "172.16.0.64/26 direct 10.0.3.1",
        "172.16.0.64/26 should go by direct 10.0.3.1, and goes by nic0 10.0.3.11\n",
      ],
      [
        "a block without a route",
        "172.16.9.0/26 direct -",
        "172.16.9.0/26 should go by direct -, and goes by no route\n",
      ],
      [
        "the node's own blackhole is no route",
        "172.16.0.0/26 - -",
        "172.16.0.0/26 should go by - -, and goes by no route\n",
      ],
    ] as const) {
      it(`judges: ${what}`, async () => {
        const ran = await judge(expected);
        assert.equal(ran.stderr.replace(/^failed.*\n/gm, ""), said);
        assert.equal(ran.status, said ? 1 : 0);
      });
    }
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
          ip route add 192.0.2.0/24 via 10.0.3.11 proto 12; ip rule add priority 99 table 1
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
