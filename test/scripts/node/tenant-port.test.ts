// tenant-port.sh with stand-ins for Open vSwitch and both DHCP clients: what it plugs in, that it can run again, and what it undoes.
import assert from "node:assert/strict";
import { type Ran, Sandbox } from "../../support/node-sandbox";

const VALUES = {
  NODE_NAME: "w1",
  DEVICE: "tap6f1c9e02-aa",
  PORT_ID: "6f1c9e02-aa41-4f0e-9d6a-3a1d5c7e9b20",
  MAC: "fa:16:3e:12:34:56",
  ADDRESS: "20.20.1.31",
  MTU: "1442",
};
const NETWORK = "etc/systemd/network/10-encaplab-tap6f1c9e02-aa.network";
const UNIT = "etc/systemd/system/encaplab-tap6f1c9e02-aa.service";

describe("tenant-port.sh", () => {
  let sandbox: Sandbox;
  const log = () => `echo "\${0##*/} $*" >>${sandbox.path("calls")}`;
  beforeEach(() => {
    sandbox = new Sandbox();
    // Its internal ports are bridges here: a device with a MAC and an MTU, which every kernel has.
    sandbox.command(
      "ovs-vsctl",
      `${log()}
      case "$*" in
        *br-exists*) [[ -z \${NO_BRIDGE-} ]] || exit 2 ;;
        *add-port*) ip link show ${VALUES.DEVICE} >/dev/null 2>&1 || ip link add ${VALUES.DEVICE} type bridge ;;
        *del-port*) ip link del ${VALUES.DEVICE} 2>/dev/null || true ;;
      esac`,
    );
  });
  afterEach(() => sandbox.remove());

  /** systemd-networkd gives the address when its file is there, as the DHCP server would. */
  const withNetworkd = () => {
    const give = `[[ ! -e /${NETWORK} ]] || ip addr replace ${VALUES.ADDRESS}/24 dev ${VALUES.DEVICE}`;
    sandbox.command("networkctl", `${log()}\n${give}`);
    sandbox.command("systemctl", log());
  };
  /** dhclient gets an offer with a router and a DNS server, as OVN sends it, and calls its script. */
  const withDhclient = () => {
    sandbox.command("dhclient", "exit 0");
    const bound = `reason=BOUND interface=${VALUES.DEVICE} new_ip_address=${VALUES.ADDRESS} new_subnet_mask=255.255.255.0 new_routers=20.20.1.1 new_domain_name_servers=20.20.1.2`;
    sandbox.command(
      "systemctl",
      `${log()}
      case "$*" in
        is-active*) exit 3 ;;
        "enable --now"*) env ${bound} "$(sed -n 's/^ExecStart=.* -sf \\([^ ]*\\) .*/\\1/p' /${UNIT})" ;;
      esac`,
    );
  };
  const SHOW = `ip -o link show ${VALUES.DEVICE}; ip -4 -o addr show ${VALUES.DEVICE}; ip route show default`;
  /** @param again whether it runs a second time on the same machine. */
  const create = (before = "", values: Partial<typeof VALUES> = {}): Promise<Ran> =>
    sandbox.run("tenant-port", { ...VALUES, ...values }, { before, after: SHOW });
  const succeeded = ({ status, stderr }: Ran) => assert.equal(status, 0, stderr);

  for (const [client, arrange] of [
    ["systemd-networkd", withNetworkd],
    ["dhclient", withDhclient],
  ] as const) {
    it(`plugs the port in as Neutron's agents expect it, and gets its address by ${client}`, async () => {
      arrange();
      const ran = await create();
      succeeded(ran);
      const [added] = sandbox.calls().filter((call) => call.includes("add-port"));
      assert.equal(
        added,
        'ovs-vsctl --timeout=30 -- --may-exist add-port br-int tap6f1c9e02-aa -- set interface tap6f1c9e02-aa type=internal mac="fa:16:3e:12:34:56" mtu_request=1442 external_ids:attached-mac="fa:16:3e:12:34:56" external_ids:iface-id=6f1c9e02-aa41-4f0e-9d6a-3a1d5c7e9b20 external_ids:iface-status=active external_ids:skip_cleanup=true',
      );
      assert.match(ran.stdout, /^tap6f1c9e02-aa 20\.20\.1\.31\n/);
      assert.match(ran.stdout, /mtu 1442 .*fa:16:3e:12:34:56/);
      assert.match(ran.stdout, /inet 20\.20\.1\.31\/24/);
    });

    it(`takes no default route and no DNS server from ${client}, and leaves resolv.conf alone`, async () => {
      arrange();
      sandbox.write("etc/resolv.conf", "nameserver 192.0.2.1\n");
      const ran = await create();
      succeeded(ran);
      assert.doesNotMatch(ran.stdout, /^default/m);
      assert.equal(sandbox.read("etc/resolv.conf"), "nameserver 192.0.2.1\n");
    });

    it(`can run again, and then starts ${client} no second time`, async () => {
      arrange();
      succeeded(await create());
      const before = sandbox.calls().length;
      // The same machine: the device is there, and so is its address.
      const there = `ovs-vsctl add-port; ip link set ${VALUES.DEVICE} mtu 1442; ip addr add ${VALUES.ADDRESS}/24 dev ${VALUES.DEVICE}`;
      succeeded(await create(there));
      const again = sandbox.calls().slice(before).join("\n");
      assert.doesNotMatch(again, /networkctl|daemon-reload/);
    });

    it(`takes everything back that it made for ${client}, also when it runs twice`, async () => {
      arrange();
      succeeded(await create());
      for (const existing of [`ip link add ${VALUES.DEVICE} type bridge`, ""]) {
        const after = `! ip link show ${VALUES.DEVICE} 2>/dev/null`;
        succeeded(await sandbox.run("tenant-port", VALUES, { action: "delete", before: existing, after }));
      }
      assert.deepEqual(
        [NETWORK, UNIT].filter((file) => sandbox.exists(file)),
        [],
      );
      assert.equal(sandbox.exists("var/lib/encaplab/tap6f1c9e02-aa.dhcp"), false);
      assert.ok(
        sandbox.calls().includes("ovs-vsctl --timeout=30 --if-exists del-port br-int tap6f1c9e02-aa"),
      );
    });
  }

  it("tells systemd-networkd in its file to use nothing but the address", async () => {
    withNetworkd();
    succeeded(await create());
    for (const line of ["Name=tap6f1c9e02-aa", "DHCP=ipv4", "UseRoutes=no", "UseGateway=no", "UseDNS=no"])
      assert.match(sandbox.read(NETWORK), new RegExp(`^${line}$`, "m"));
  });

  it("fails on a machine without a br-int, before it changes anything", async () => {
    withNetworkd();
    const ran = await create("export NO_BRIDGE=1");
    assert.equal(ran.status, 1);
    assert.match(
      ran.stderr,
      /Open vSwitch has no br-int on this machine: the agent of ML2\/OVS or ovn-controller must run/,
    );
    assert.ok(!sandbox.calls().some((call) => call.includes("add-port")));
  });

  it("fails on a machine without a DHCP client, and says which package to install", async () => {
    // Whether or not this machine has one.
    const hidden = '[[ $* != "-P dhclient" ]] && builtin type "$@"';
    sandbox.command("systemctl", "exit 3");
    const ran = await create(`type() { ${hidden}; }; export -f type`);
    assert.equal(ran.status, 1);
    assert.match(ran.stderr, /there is no dhclient \(package isc-dhcp-client/);
  });
});
