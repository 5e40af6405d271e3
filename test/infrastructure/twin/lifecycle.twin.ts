/** The life of a lab through the real engine: what an update touches, what it repairs, what it leaves. */
import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { findRealm, type Realm, runScript } from "../../../components/infrastructure/twin";
import { readRecord } from "../../../components/infrastructure/twin/realm/record";
import { engineFolder, Lab, type Run, readableEngine } from "../../support/lab";
import type { RawConfig } from "../../support/problems";
import { hostNetwork, mentions } from "../../support/realm";

const topology = (b: string[]) => [
  { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] },
  { name: "b", cidr: "10.0.4.0/24", nodes: b },
];

/** The resources with something other than `same` done to them, without the engine's own. */
function touched({ ops }: Run): string[] {
  const own = Object.entries(ops).filter(([name]) => !/^(default.*|encaplab-.*)$/.test(name));
  for (const [name, op] of own) assert.doesNotMatch(op, /replace/, `${name} must not be replaced`);
  return own.flatMap(([name, op]) => (op === "same" ? [] : [name])).sort();
}

/** Nothing of the lab is left: no process, no folder, and with the processes no namespace and no mount. */
function assertGone(lab: Lab): void {
  assert.equal(lab.folder, undefined, "no folder under the state home");
  assert.deepEqual(mentions(lab.stateHome), [], "no process");
}

/** All of it ends at once, as when the machine is switched off. */
function killRealm(lab: Lab): void {
  const record = readRecord(lab.folder ?? "");
  assert.ok(record, "there is a realm to kill");
  process.kill(record.pid, "SIGKILL");
}

describe("a lab's life through the engine", function () {
  this.timeout(120_000);
  let engine: string;
  let lab: Lab;
  let host: string;
  const common: RawConfig = { cloud: "twin", fabric: "aws", topology: topology(["w2", "w3"]) };

  const inRealm = (script: string) => runScript(findRealm(lab.folder ?? "") as Realm, script);
  const up = async (raw: RawConfig): Promise<Run> => {
    lab.configure({ ...common, ...raw });
    const run = await lab.up();
    const { observation } = await lab.outputs();
    assert.ok(observation.agrees, run.output);
    assert.deepEqual(observation.unsettled, []);
    return run;
  };

  before(async () => {
    host = hostNetwork();
    engine = engineFolder();
    lab = new Lab("life", engine);
    lab.configure({ ...common, encapsulation: "VXLAN" });
    await lab.init();
    await up({ encapsulation: "VXLAN" });
  });
  after(async () => {
    await lab.pulumi("destroy");
    lab.clear();
  });

  it("a second up changes nothing and says so", async () => {
    const run = await up({ encapsulation: "VXLAN" });
    assert.deepEqual(touched(run), []);
    assert.deepEqual(Object.keys(run.changes), ["same"]);
    assert.match(run.output, /\d+ unchanged/);
  });

  it("leaves the host's interfaces, routes, settings, firewall and mounts alone while it stands", () => {
    assert.equal(hostNetwork(), host);
  });

  it("a switch updates in place, and no more than it must", async () => {
    // The same tunnel device under another rule: of the fabric, anti-spoofing and the group's rule for pods change.
    const crossSubnet = await up({ encapsulation: "VXLANCrossSubnet" });
    assert.deepEqual(touched(crossSubnet), ["cp1", "observation", "security", "w1", "w2", "w3"]);
    const none = await up({ encapsulation: "None" });
    assert.deepEqual(touched(none), ["cp1", "observation", "security", "w1", "w2", "w3"]);
    const back = await up({ encapsulation: "VXLAN" });
    assert.deepEqual(touched(back), ["cp1", "observation", "security", "w1", "w2", "w3"]);
  });

  it("a fault is put in and taken back in place, in the one resource that has it", async () => {
    const broken = await up({ encapsulation: "VXLAN", faults: ["vxlan-blocked"] });
    assert.deepEqual(touched(broken), ["observation", "security"]);
    const mended = await up({ encapsulation: "VXLAN" });
    assert.deepEqual(touched(mended), ["observation", "security"]);
  });

  it("the gateway learns pod routes without a node being touched", async () => {
    assert.deepEqual(touched(await up({ encapsulation: "VXLAN", podRoutes: true })), [
      "network",
      "observation",
    ]);
    assert.deepEqual(touched(await up({ encapsulation: "VXLAN" })), ["network", "observation"]);
  });

  it("a node is added, and one is taken out of the middle", async () => {
    const added = await up({ encapsulation: "VXLAN", topology: topology(["w2", "w3", "w4"]) });
    assert.equal(added.ops.w4, "create");
    assert.deepEqual(touched(added), ["cp1", "network", "observation", "security", "w1", "w2", "w3", "w4"]);
    // w3 and w4 take the places, blocks and addresses before theirs, and the engine deletes w2 last of all.
    const removed = await up({ encapsulation: "VXLAN", topology: topology(["w3", "w4"]) });
    assert.equal(removed.ops.w2, "delete");
    assert.equal(await inRealm("ls /run/netns | grep -c ^w2 || true"), "0\n");
    await up({ encapsulation: "VXLAN" });
  });

  const damages: Record<string, { damage: string; repaired: string[] }> = {
    "a node's namespace deleted": { damage: "ip netns del w2", repaired: ["w2"] },
    "a pod's namespace deleted": { damage: "ip netns del w3-1", repaired: ["w3"] },
  };
  for (const [title, { damage, repaired }] of Object.entries(damages)) {
    it(`${title} by hand: the next up notices and repairs`, async () => {
      await inRealm(damage);
      const run = await up({ encapsulation: "VXLAN" });
      for (const name of repaired)
        assert.equal(run.ops[name], "update", `${name} in ${JSON.stringify(run.ops)}`);
      assert.deepEqual(touched(await up({ encapsulation: "VXLAN" })), [], "and once is enough");
    });
  }

  it("what was changed by hand is in the way of no switch: the part is built anew", async () => {
    await inRealm(
      "ip -n w1 link del vxlan.calico; ip -n cp1 route flush dev vxlan.calico; ip -n router route del blackhole 172.16.0.0/16",
    );
    await up({ encapsulation: "None", podRoutes: true });
    await inRealm("ip -n w2 route flush proto bird; ip -n router route flush root 172.16.0.0/16");
    await up({ encapsulation: "VXLAN" });
  });

  it("a BIRD that was killed is started anew", async () => {
    await up({ encapsulation: "None" });
    await inRealm('kill -9 "$(< /run/bird/w1.pid)"');
    assert.equal((await up({ encapsulation: "None" })).ops.w1, "update");
    await up({ encapsulation: "VXLAN" });
  });

  it("a realm that is gone, as after a reboot, is noticed and rebuilt", async () => {
    for (const forget of [false, true]) {
      const { folder } = lab;
      killRealm(lab);
      // A reboot may also have lost the folder, where the state is kept on a tmpfs.
      if (forget) rmSync(folder ?? "", { recursive: true, force: true });
      const run = await up({ encapsulation: "VXLAN" });
      assert.deepEqual(touched(run), [
        "cp1",
        "network",
        "observation",
        "realm",
        "security",
        "w1",
        "w2",
        "w3",
      ]);
      assert.equal(lab.folder, folder, "in the same place");
    }
  });

  it("down removes everything, also what is gone already", async () => {
    await lab.destroy();
    assertGone(lab);
    assert.equal(hostNetwork(), host);
    await up({ encapsulation: "VXLAN" });
    killRealm(lab);
    await lab.destroy();
    assertGone(lab);
  });

  it("two labs at once, alike in every address, do not meet", async () => {
    const other = new Lab("other", engine);
    try {
      other.configure({ ...common, encapsulation: "None" });
      await other.init();
      await Promise.all([up({ encapsulation: "VXLAN" }), other.up()]);
      assert.ok((await other.outputs()).observation.agrees);
      await other.destroy();
      assertGone(other);
      assert.deepEqual(touched(await up({ encapsulation: "VXLAN" })), [], "the first did not notice");
    } finally {
      await other.pulumi("destroy");
      other.clear();
    }
    await lab.destroy();
  });

  it("works for a user who is not root", async function () {
    if (process.getuid?.() !== 0) return this.skip(); // then every test above has shown it
    const { own, readable } = readableEngine(engine);
    const other = new Lab("nobody", readable, { uid: 54321 });
    try {
      other.configure({ ...common, encapsulation: "None", faults: ["pod-cidr-blocked"] });
      await other.init();
      await other.up();
      assert.ok((await other.outputs()).observation.agrees);
      await other.destroy();
      assertGone(other);
      assert.equal(hostNetwork(), host);
    } finally {
      await other.pulumi("destroy");
      other.clear();
      rmSync(own, { recursive: true, force: true });
    }
  });

  it("in the end the host is as it was", () => {
    assert.equal(hostNetwork(), host);
    assert.ok(!existsSync("/run/netns/cp1"), "no namespace of a twin outside its realm");
  });
});
