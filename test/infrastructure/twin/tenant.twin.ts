/** A tenant network on the twin: Open vSwitch and VXLAN between compute hosts, changed in place, beside the verdict. */
import assert from "node:assert/strict";
import { planLab, rowsOf } from "../../../components/plan";
import { twinFollower } from "../../../components/study";
import { planOf } from "../../support/problems";
import { stackConfig } from "../../support/stacks";
import { BASE, LABS, SELECTED, TENANTS } from "../../support/tenant-labs";
import { needTools } from "../../support/tools";
import { followAll } from "../../support/traces";
import { TwinUnderTest } from "../../support/twin";
import { assertAsFresh } from "../../support/twin-changes";
import { play } from "../../support/twin-play";

describe("a tenant network on the twin", function () {
  this.timeout(120_000);
  const twin = new TwinUnderTest("namespaces");
  before(function () {
    needTools(this, "tenants");
  });
  after(() => twin.stop());

  for (const title of SELECTED)
    it(`does what the verdict says after a change in place: ${title}`, async () => {
      await play(twin, { title, plan: planOf({ ...BASE, ...LABS[title] }) });
    });

  it("is after all these changes as one that is built anew", async () => {
    await assertAsFresh(twin, planOf({ ...BASE, ...LABS["one port"] }), "tenants");
  });

  for (const [what, script] of [
    ["flows that were deleted", "env OVS_RUNDIR=/run/encaplab/ovs/w2 ovs-ofctl del-flows br-int"],
    [
      "an Open vSwitch that was killed",
      "pid=$(< /run/encaplab/ovs/w2/ovs-vswitchd.pid); kill -9 $pid; while [[ -e /proc/$pid/fd/0 ]]; do :; done",
    ],
  ] as const)
    it(`is repaired by the next up: ${what}`, async () => {
      const plan = planOf({ ...BASE, ...LABS["one port"] });
      await twin.bring(plan);
      assert.deepEqual(await twin.bring(plan), {}, "nothing to do");
      await twin.run(script);
      assert.deepEqual(await twin.bring(plan), { "node-w2": "update" });
      await play(twin, { title: what, plan });
    });

  it("leaves no process, folder, namespace or device behind when it goes", async () => {
    await twin.bring(planOf({ ...BASE, ...LABS["one port"] }));
    await twin.bring(planOf(BASE));
    const left = await twin.run(
      "sleep 2.5; cat /proc/[0-9]*/comm | grep -E '^(ovs|dhclient|dnsmasq)' || true; ls -A /run/encaplab/ovs /run/encaplab/dhcp | grep -v : || true; ls /run/netns; for node in cp1 w1 w2; do ip -n $node -o link | grep -E 'tap|vxlan-tenant|br-int|ovs' || true; done",
    );
    const pods = ["cp1", "w1", "w2"].flatMap((node) => [node, `${node}-1`, `${node}-2`]);
    assert.deepEqual(left.trim().split("\n").sort(), ["fabric", "internet", "router", ...pods].sort());
  });

  it("gives the node's port its address by DHCP, and neither a default route nor a DNS server", async () => {
    const plan = planOf({ ...BASE, ...LABS["one port"] });
    await twin.bring(plan);
    const [port] = plan.tenant?.ports ?? [];
    const log = await twin.run("cat /run/encaplab/dhcp/w2.log");
    for (const message of ["DHCPDISCOVER", "DHCPOFFER", "DHCPREQUEST", "DHCPACK"])
      assert.match(log, new RegExp(`${message}\\(eth0\\)`), log);
    const lease = await twin.run("cat /run/encaplab/dhcp/w2.leases");
    assert.ok(lease.includes(`fixed-address ${port?.address};`), lease);
    const routes = await twin.on("w2", "ip route");
    assert.deepEqual(routes.match(/^default .*/gm)?.length, 1, routes);
    assert.match(routes, /^default via 10\.0\.4\.1 /m);
    assert.match(routes, new RegExp(`^20\\.20\\.1\\.0/24 dev ${port?.device} `, "m"));
  });

  it("answers a port from its own host alone, and lets no port be a DHCP server", async () => {
    const plan = planOf({ ...BASE, ...LABS["two ports"] });
    await twin.bring(plan);
    const flows = "env OVS_RUNDIR=/run/encaplab/ovs/w2 ovs-ofctl --names dump-flows br-int";
    const [port] = (plan.tenant?.ports ?? []).filter(({ node }) => node === "w2");
    const counted = await twin.run(`${flows} | grep tp_dst=67`);
    assert.match(
      counted,
      new RegExp(`n_packets=[1-9].*,in_port="?${port?.device}"?.*actions=output:"?tap-dhcp"?`),
    );
    const drops = await twin.run(`${flows} | grep tp_src=67 | grep actions=drop`);
    assert.ok(drops.includes(String(port?.device)), drops);
  });

  it("is in L16 as the original lab saw it: ttl 63 from the plugged worker, and 100 % loss from all others", async () => {
    const plan = planLab(stackConfig("L16"));
    await twin.bring(plan);
    const ping = (pod: string) => twin.on(pod, "ping -c 2 -i 0.2 -W 1 20.20.1.98 || true");
    const [plugged, others] = [await ping("w1-1"), await Promise.all(["cp1-1", "w2-1"].map(ping))];
    assert.match(plugged, /^64 bytes from 20\.20\.1\.98: icmp_seq=2 ttl=63 /m);
    for (const lost of others) assert.match(lost, /2 packets transmitted, 0 received, 100% packet loss/);
  });

  it("shows at every device of a trace the packet that was predicted", async () => {
    const plan = planOf({ ...BASE, tenants: { ...TENANTS, podRoutes: true } });
    await twin.bring(plan);
    await twin.observe(plan);
    const { contradicted, measured } = await followAll(twinFollower(twin.sandbox, plan));
    assert.equal(contradicted, "");
    assert.equal(measured, rowsOf(plan).rows.length);
  });
});
