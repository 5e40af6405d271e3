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
      "sleep 2.5; cat /proc/[0-9]*/comm | grep -E '^ovs' || true; ls -A /run/encaplab/ovs; ls /run/netns; for node in cp1 w1 w2; do ip -n $node -o link | grep -E 'tap|vxlan-tenant|br-int|ovs' || true; done",
    );
    const pods = ["cp1", "w1", "w2"].flatMap((node) => [node, `${node}-1`, `${node}-2`]);
    assert.deepEqual(left.trim().split("\n").sort(), ["fabric", "internet", "router", ...pods].sort());
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
