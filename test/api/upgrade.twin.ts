/** A twin's stack that version 0.1 made, in the hands of this version, with the real engine. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assertObserved, Lab } from "../support/lab";
import { recordOf } from "../support/pauses";
import { hostNetwork, mentions, until } from "../support/sandbox";

/** The exported state of a lab that was up, with @FOLDER@ in place of its folder. */
const STATE = readFileSync(join(__dirname, "../fixtures/twin-0.1.json"), "utf8");

/** The lab's config. */
const CONFIG = {
  cloud: "twin",
  encapsulation: "VXLAN",
  topology: [
    { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1"] },
    { name: "b", cidr: "10.0.4.0/24", nodes: ["w1"] },
  ],
};

describe("a stack of version 0.1 with the real engine", function () {
  this.timeout(120_000);
  let lab: Lab;
  let host: string;
  let folder: string;

  beforeEach(async () => {
    host = hostNetwork();
    lab = new Lab("upgrade");
    folder = join(lab.stateHome, "encaplab/twins/upgrade-00000001");
    lab.configure(CONFIG);
    await lab.init();
    const file = join(lab.root, "state.json");
    writeFileSync(file, STATE.replaceAll("@FOLDER@", folder));
    const { status, output } = await lab.pulumi("stack", "import", "--file", file);
    assert.equal(status, 0, output);
  });
  afterEach(async () => {
    await lab.end();
  });

  /** What version 0.1 left on the machine: the record of its sandbox, here with a process that only waits. */
  async function startFormerSandbox(): Promise<ChildProcess> {
    mkdirSync(folder, { recursive: true });
    const pause = spawn("sleep", ["600"], { stdio: "ignore" });
    await new Promise((started) => pause.once("spawn", started));
    const { pid, startTime, machineBoot } = recordOf(pause.pid as number);
    const record = { kind: "namespaces", bootId: "b", pid, startTime, machineBoot, ready: true };
    writeFileSync(join(folder, "realm.json"), JSON.stringify(record));
    return pause;
  }

  function assertGone(): void {
    assert.equal(existsSync(folder), false, "no folder under the state home");
    assert.deepEqual(mentions(lab.stateHome), [], "no process");
    assert.equal(hostNetwork(), host);
  }

  /** The resources by what the engine does to them, without its own. */
  function byOperation(ops: Readonly<Record<string, string>>): Record<string, string[]> {
    const all: Record<string, string[]> = {};
    for (const [name, op] of Object.entries(ops))
      if (!/^(default.*|encaplab-.*)$/.test(name)) all[op] = [...(all[op] ?? []), name].sort();
    return all;
  }

  it("is brought up without a replacement or a deletion, in its own folder, and destroyed without a trace", async () => {
    const former = await startFormerSandbox();
    const { ops, changes, outputs } = await lab.up();
    assert.deepEqual(byOperation(ops), {
      create: ["lab"],
      same: ["folder", "upgrade"],
      update: ["cp1", "network", "observation", "sandbox", "security", "w1"],
    });
    assert.equal(changes.create, 1);
    assert.equal(lab.labFolder, folder, "in the same folder");
    await until(() => former.signalCode !== null);
    assertObserved(outputs);
    assert.deepEqual(Object.keys((await lab.up()).changes), ["same"], "the upgrade is done once");
    await lab.destroy();
    assertGone();
  });

  it("is destroyed without an up before, with its sandbox", async () => {
    const former = await startFormerSandbox();
    const { changes } = await lab.destroy();
    assert.deepEqual(changes, { delete: 9 });
    await until(() => former.signalCode !== null);
    assertGone();
  });

  it("is destroyed when its sandbox and its folder are gone, as after a reboot", async () => {
    assert.deepEqual((await lab.destroy()).changes, { delete: 9 });
    assertGone();
  });
});
