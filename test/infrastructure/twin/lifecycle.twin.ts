/** A twin's life with the real engine: what an update touches, what it repairs, what it leaves. */
import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { readRecord } from "../../../components/infrastructure/runtime";
import { findSandbox, runScript, type Sandbox } from "../../../components/infrastructure/twin";
import { readableEngine } from "../../support/engine";
import { assertObserved, Lab, type Run, touched as touchedWithOps } from "../../support/lab";
import type { RawConfig } from "../../support/problems";
import { hostNetwork, mentions } from "../../support/sandbox";
import { isRoot } from "../../support/sandbox-under-test";
import { skip } from "../../support/skip";

const topology = (b: string[]) => [
  { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] },
  { name: "b", cidr: "10.0.4.0/24", nodes: b },
];

/** The names of the resources that an update touched. Asserts that it replaced none. */
function touched(run: Run): string[] {
  const lines = touchedWithOps(run);
  for (const line of lines) assert.doesNotMatch(line, /replace/);
  return lines.map((line) => line.split(": ")[0] as string);
}

/** Asserts that nothing of the lab is left: no process and no folder, and thus no namespace and no mount. */
function assertGone(lab: Lab): void {
  assert.equal(lab.labFolder, undefined, "no folder under the state home");
  assert.deepEqual(mentions(lab.stateHome), [], "no process");
}

/** Ends the whole sandbox at once, as if the machine was switched off. */
function killSandbox(lab: Lab): void {
  const record = readRecord(lab.labFolder ?? "");
  assert.ok(record, "there is a sandbox to kill");
  process.kill(record.pid, "SIGKILL");
}

describe("a twin with the real engine", function () {
  this.timeout(120_000);
  let lab: Lab;
  let host: string;
  const common: RawConfig = { cloud: "twin", fabric: "aws", topology: topology(["w2", "w3"]) };

  const inSandbox = (script: string) => runScript(findSandbox(lab.labFolder ?? "") as Sandbox, script);
  const up = async (raw: RawConfig): Promise<Run> => {
    lab.configure({ ...common, ...raw });
    const run = await lab.up();
    assertObserved(run.outputs);
    return run;
  };

  before(async () => {
    host = hostNetwork();
    lab = new Lab("life");
    lab.configure({ ...common, encapsulation: "VXLAN" });
    await lab.init();
    await up({ encapsulation: "VXLAN" });
  });
  after(() => lab.end());

  it("changes nothing in a second up, and says so", async () => {
    const run = await up({ encapsulation: "VXLAN" });
    assert.deepEqual(touched(run), []);
    assert.deepEqual(Object.keys(run.changes), ["same"]);
    assert.match(run.output, /\d+ unchanged/);
  });

  it("leaves the host's interfaces, routes, settings, firewall and mounts unchanged while it is up", () => {
    assert.equal(hostNetwork(), host);
  });

  it("updates only what it must in a switch, and in place", async () => {
    // The tunnel device stays the same. Of the fabric, anti-spoofing and the group's rule for pods change.
    const crossSubnet = await up({ encapsulation: "VXLANCrossSubnet" });
    assert.deepEqual(touched(crossSubnet), ["cp1", "observation", "security", "w1", "w2", "w3"]);
    const none = await up({ encapsulation: "None" });
    assert.deepEqual(touched(none), ["cp1", "observation", "security", "w1", "w2", "w3"]);
    const back = await up({ encapsulation: "VXLAN" });
    assert.deepEqual(touched(back), ["cp1", "observation", "security", "w1", "w2", "w3"]);
  });

  it("adds and removes a fault in place, in the only resource that has it", async () => {
    const broken = await up({ encapsulation: "VXLAN", faults: ["vxlan-blocked"] });
    assert.deepEqual(touched(broken), ["observation", "security"]);
    const fixed = await up({ encapsulation: "VXLAN" });
    assert.deepEqual(touched(fixed), ["observation", "security"]);
  });

  it("gives the gateway pod routes without touching a node", async () => {
    assert.deepEqual(touched(await up({ encapsulation: "VXLAN", podRoutes: true })), [
      "network",
      "observation",
    ]);
    assert.deepEqual(touched(await up({ encapsulation: "VXLAN" })), ["network", "observation"]);
  });

  it("adds a node, and removes one from the middle", async () => {
    const added = await up({ encapsulation: "VXLAN", topology: topology(["w2", "w3", "w4"]) });
    assert.equal(added.ops.w4, "create");
    assert.deepEqual(touched(added), ["cp1", "network", "observation", "security", "w1", "w2", "w3", "w4"]);
    // w3 and w4 move up to the earlier positions, blocks and addresses, and the engine deletes w2 last.
    const removed = await up({ encapsulation: "VXLAN", topology: topology(["w3", "w4"]) });
    assert.equal(removed.ops.w2, "delete");
    assert.equal(await inSandbox("ls /run/netns | grep -c ^w2 || true"), "0\n");
    await up({ encapsulation: "VXLAN" });
  });

  it("fails an up whose observation disagrees, loses nothing, and measures again in the next up", async () => {
    await inSandbox(
      "ip netns exec internet nft 'add table ip odd; add chain ip odd in { type filter hook input priority 0; }; add rule ip odd in drop'",
    );
    lab.configure({ ...common, encapsulation: "VXLAN", topology: topology(["w2"]) });
    const run = await lab.failed();
    assert.match(run.output, /error: .*Observation: NOT as predicted/);
    assert.match(run.output, /The lab is up\./);
    const { observation, verdict } = run.outputs as Record<string, Record<string, unknown>>;
    assert.equal(observation?.agrees, false);
    assert.ok(verdict?.prediction);
    await inSandbox("ip netns exec internet nft delete table ip odd");
    // An old language host ends the run before the engine deletes w3, which is unplugged by then.
    const again = await up({ encapsulation: "VXLAN" });
    assert.ok(["create", "update"].includes(again.ops.w3 ?? ""), JSON.stringify(again.ops));
    assert.equal(again.ops.observation, "update");
  });

  // Each round damages every resource in another way than the other: one `up` finds them all, each by itself.
  const rounds: Record<string, { damage: string; repaired: string }>[] = [
    {
      "a node's namespace": { damage: "ip netns del w2", repaired: "w2" },
      "a tunnel": { damage: "ip -n w1 link del vxlan.calico", repaired: "w1" },
      "the fabric's rules": {
        damage: "nsenter --net=/run/netns/fabric nft flush ruleset",
        repaired: "security",
      },
      "a pod's address": { damage: "ip -n w3-1 addr add 192.0.2.1/32 dev eth0", repaired: "w3" },
    },
    {
      "a route": { damage: "ip -n w2 route del 172.16.0.0/26", repaired: "w2" },
      "a pod's namespace": { damage: "ip netns del w3-1", repaired: "w3" },
    },
  ];
  for (const round of rounds) {
    it(`notices and repairs in the next up what was changed by hand: ${Object.keys(round).join(", ")}`, async () => {
      const damages = Object.values(round);
      await inSandbox(damages.map(({ damage }) => damage).join("\n"));
      const run = await up({ encapsulation: "VXLAN" });
      const names = ["observation", ...damages.map(({ repaired }) => repaired)].sort();
      assert.deepEqual(
        touchedWithOps(run),
        names.map((name) => `${name}: update`),
      );
      assert.deepEqual(touched(await up({ encapsulation: "VXLAN" })), [], "one repair is enough");
    });
  }

  it("rebuilds what was changed by hand, so that a switch still works", async () => {
    await inSandbox(
      "ip -n w1 link del vxlan.calico; ip -n cp1 route flush dev vxlan.calico; ip -n router route del blackhole 172.16.0.0/16",
    );
    await up({ encapsulation: "None", podRoutes: true });
    await inSandbox("ip -n w2 route flush proto bird; ip -n router route flush root 172.16.0.0/16");
    await up({ encapsulation: "VXLAN" });
  });

  it("starts a BIRD again that was killed", async () => {
    await up({ encapsulation: "None" });
    await inSandbox('kill -9 "$(< /run/bird/w1.pid)"');
    assert.equal((await up({ encapsulation: "None" })).ops.w1, "update");
    await up({ encapsulation: "VXLAN" });
  });

  it("notices and rebuilds a sandbox that is gone, as after a reboot", async () => {
    for (const forget of [false, true]) {
      const { labFolder } = lab;
      killSandbox(lab);
      // A reboot may also remove the folder, if the state is on a tmpfs.
      if (forget) rmSync(labFolder ?? "", { recursive: true, force: true });
      const run = await up({ encapsulation: "VXLAN" });
      assert.deepEqual(touched(run), [
        "cp1",
        "network",
        "observation",
        "sandbox",
        "security",
        "w1",
        "w2",
        "w3",
      ]);
      assert.equal(lab.labFolder, labFolder, "in the same folder");
    }
  });

  it("removes everything in a destroy, even if the sandbox is gone already", async () => {
    await lab.destroy();
    assertGone(lab);
    assert.equal(hostNetwork(), host);
    await up({ encapsulation: "VXLAN" });
    killSandbox(lab);
    await lab.destroy();
    assertGone(lab);
  });

  it("is isolated from a second lab with the same addresses at the same time", async () => {
    const other = new Lab("other");
    try {
      other.configure({ ...common, encapsulation: "None" });
      await other.init();
      const [, { outputs }] = await Promise.all([up({ encapsulation: "VXLAN" }), other.up()]);
      assertObserved(outputs);
      await other.destroy();
      assertGone(other);
      assert.deepEqual(touched(await up({ encapsulation: "VXLAN" })), [], "the first lab did not change");
    } finally {
      await other.end();
    }
    await lab.destroy();
  });

  it("works for a user who is not root", async function () {
    if (!isRoot()) skip(this, "not root: the tests above have shown it already");
    const { own, readable } = readableEngine();
    const other = new Lab("nobody", { path: [readable], user: { uid: 54321 } });
    try {
      other.configure({ ...common, encapsulation: "None", faults: ["pod-cidr-blocked"] });
      await other.init();
      assertObserved((await other.up()).outputs);
      await other.destroy();
      assertGone(other);
      assert.equal(hostNetwork(), host);
    } finally {
      await other.end();
      rmSync(own, { recursive: true, force: true });
    }
  });

  it("leaves the host unchanged in the end", () => {
    assert.equal(hostNetwork(), host);
    assert.ok(!existsSync("/run/netns/cp1"), "the twin has no namespace outside its sandbox");
  });
});
