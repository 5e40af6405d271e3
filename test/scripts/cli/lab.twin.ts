// The real command line with the engine, the twin and packets, in a copy of the checkout that stays as it is.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { CliCheckout } from "../../support/cli-checkout";
import { mentions, until } from "../../support/sandbox";

describe("the command line on the twin", function () {
  this.timeout(300_000);
  let checkout: CliCheckout;
  const git = (...argv: string[]) => execFileSync("git", argv, { cwd: checkout.folder, encoding: "utf8" });
  const state = () => path.join(checkout.root, "state/encaplab");

  before(() => {
    checkout = new CliCheckout();
    git("init", "--quiet");
    fs.appendFileSync(path.join(checkout.folder, ".git/info/exclude"), "node_modules\n");
    git("add", "--all");
    git("-c", "user.name=test", "-c", "user.email=test@localhost", "commit", "--quiet", "-m", "as it was");
  });
  after(async () => {
    await checkout.lab("down");
    checkout.remove();
  });

  const fine = async (...words: string[]): Promise<string> => {
    const { status, stdout, stderr } = await checkout.lab(...words);
    assert.equal(status, 0, `${words.join(" ")}:\n${stdout}\n${stderr}`);
    return stdout;
  };

  it("brings a lab up in which everything is as predicted", async () => {
    const shown = await fine();
    assert.match(shown, /^ *Observation: as predicted in all 290 probes, on the network twin/m);
  });

  it("changes nothing when the lab is already up, and says so", async () => {
    const shown = await fine("up");
    assert.match(shown, /^local is up, unchanged: VXLANCrossSubnet on the plain fabric, 4 nodes/);
    assert.equal(shown.trimEnd().split("\n").length, 3, shown);
  });

  it("says in status what was changed by hand inside, and repairs it in an up", async () => {
    const shown = async () => JSON.parse(await fine("status", "local", "--json")).altered;
    assert.equal(await shown(), undefined);
    await fine("shell", "w1", "ip", "link", "set", "eth0", "mtu", "1400");
    assert.deepEqual(await shown(), ["w1"]);
    assert.match(await fine("status"), /by hand +changed since the last `up`: w1; `.* up local` repairs it/);
    await fine("up", "local");
    assert.equal(await shown(), undefined);
  });

  it("shows with status what is up", async () => {
    const shown = await fine("status");
    assert.match(shown, /^local is up, on the twin, in namespaces of this machine\./);
    assert.match(shown, /encapsulation +VXLANCrossSubnet\n/);
    assert.match(shown, /observed +as predicted, every pair/);
    assert.doesNotMatch(shown, /not yet up/);
  });

  it("measures again with observe", async () => {
    const observation = JSON.parse(await fine("observe", "--json"));
    assert.equal(observation.agrees, true);
    const file = (end: string) => path.join(checkout.root, `observation.${end}`);
    const reports = ["json", "junit", "markdown"].flatMap((end) => [`--${end}`, file(end)]);
    const short = await fine("observe", ...reports);
    const { lab, agrees, outcomes, evidence } = JSON.parse(fs.readFileSync(file("json"), "utf8"));
    assert.deepEqual([lab, agrees, outcomes.length], ["local", true, 290]);
    const shown = new Set(evidence.map(({ probe }: { probe?: string }) => probe));
    assert.ok(
      outcomes.every(({ id }: { id: string }) => shown.has(id)),
      "each probe has its evidence",
    );
    assert.match(
      fs.readFileSync(file("junit"), "utf8"),
      /<testsuites name="local: [^"]*" tests="290" failures="0"/,
    );
    assert.match(fs.readFileSync(file("markdown"), "utf8"), /^## ✅ local: /);
    const { status, stderr } = await checkout.lab("observe", "--json", "L9");
    assert.deepEqual([status, /--json takes the name of a file/.test(stderr)], [2, true]);
    assert.match(short, /^Observation: as predicted in all 290 probes/);
    assert.doesNotMatch(short, /tcpdump/);
    assert.match(
      await fine("observe", "-v"),
      /^cross-subnet, cp1-1 > w2-1:\n {2}ip route get: .*\n {2}tcpdump: /m,
    );
  });

  it("runs a command in a node and in a pod, and returns its output, errors and exit code", async () => {
    assert.match(await fine("shell", "w1", "--", "ip", "route"), /^blackhole 172\.16\.0\.64\/26/m);
    assert.match(await fine("shell", "w1", "ip", "-br", "addr"), /^eth0\S* +UP +10\.0\.3\.11\/24/m);
    assert.match(await fine("shell", "w1", "birdc", "show", "protocols"), /BGP .* Established/);
    assert.equal(await fine("shell", "w1-1", "--", "hostname"), "w1-1\n");
    const odd = `it's "odd" $HOME`;
    assert.equal(await fine("shell", "router", "--", "printf", "%s", odd), odd);
    const failing = await checkout.lab("shell", "cp1", "--", "sh", "-c", "echo why >&2; exit 7");
    assert.equal(failing.status, 7);
    assert.match(failing.stderr, /^why$/m);
  });

  it("lists the nodes and pods when the named one does not exist", async () => {
    const { status, stderr } = await checkout.lab("shell", "w9");
    assert.equal(status, 2);
    assert.match(
      stderr,
      /no "w9" in the lab local\. It has: cp1, cp1-1, cp1-2, fabric, internet, router, w1, /,
    );
  });

  it("switches the encapsulation, and shows the paths that this changed", async () => {
    const shown = await fine("switch", "vxlan");
    assert.match(shown, /^same-subnet +works: direct +works: vxlan\.calico, UDP 4789$/m);
    assert.match(shown, /^Predicted and observed agree on every pair\.\nlocal runs VXLAN /m);
    // In both directions on every path, from before the change on.
    assert.match(
      shown,
      /^DURING THE SWITCH +PODS +LOST +LONGEST OUTAGE\nsame-node +cp1-1 > cp1-2 +0 of \d+ +none$/m,
    );
    assert.match(shown, /^cross-subnet +w2-1 > cp1-1 +\d+ of \d+ /m);
    assert.match(
      shown,
      /^Connections from before the switch live \(same-node, same-subnet, cross-subnet\)\.$/m,
    );
    assert.match(shown, /^ {2}\+\d+\.\d\d s {2}\w+: 172\.16\.\S+ via \S+ dev vxlan\.calico onlink$/m);
    assert.equal(git("status", "--porcelain"), "");
    assert.match(
      await fine("shell", "w1", "--", "ip", "route"),
      /^172\.16\.0\.0\/26 via .* dev vxlan\.calico/m,
    );
    assert.match(await fine("status"), /encapsulation +VXLAN\n/);
  });

  it("tells which paths a switch cut off, and which old connections broke", async () => {
    const shown = await fine("switch", "None", "--yes");
    assert.match(shown, /^cross-subnet +cp1-1 > w2-1 +\d+ of \d+ +since \+\d+\.\d\d s, to the end$/m);
    assert.match(shown, /^Connections from before the switch: cross-subnet broke \(nothing arrives\)\.$/m);
    assert.match(shown, /^Predicted and observed agree on every pair\.$/m);
    // In Calico's order: BIRD gives its routes up, and then Felix makes the device and its own.
    const back = (await fine("switch", "VXLAN", "-v")).split("\n");
    const [given = -1, device = -1, taken = -1] = [
      /s {2}w1: Deleted 172\.16\.\S+ via .* proto bird/,
      /s {2}w1: vxlan\.calico is up/,
      /s {2}w1: 172\.16\.\S+ via \S+ dev vxlan\.calico/,
    ].map((pattern) => back.findIndex((line) => pattern.test(line)));
    assert.ok(-1 < given && given < device && device < taken, back.join("\n"));
  });

  it("fails a switch and an up whose observation disagrees, and keeps the lab up", async () => {
    const internet = ["shell", "internet", "nft"];
    await fine(...internet, "add table ip odd; add chain ip odd in { type filter hook input priority 0; }");
    await fine(...internet, "add rule ip odd in drop");
    const switched = await checkout.lab("switch", "VXLANCrossSubnet", "--no-watch");
    assert.equal(switched.status, 1);
    assert.doesNotMatch(switched.stdout, /DURING THE SWITCH/);
    assert.match(switched.stderr, /^error: Observation: NOT as predicted/m);
    assert.match(switched.stdout, /^Predicted and observed disagree: .*\nlocal runs VXLANCrossSubnet /m);
    const again = await checkout.lab("up");
    assert.equal(again.status, 1);
    assert.match(again.stdout, /^local is up: VXLANCrossSubnet .*\nPredicted and observed disagree: /m);
    assert.match(await fine("status"), /^local is up, [\s\S]* observed +NOT as predicted: /);
    await fine(...internet, "delete table ip odd");
  });

  it("shows with status what the stack's file says that is not up yet", async () => {
    const file = "stacks/Pulumi.local.yaml";
    const before = checkout.read(file);
    checkout.write(file, before.replace("encaplab:faults: []", "encaplab:faults: [mtu-too-big]"));
    assert.match(
      await fine("status"),
      /not yet up +faults mtu-too-big \(`scripts\/lab up local` applies it\)/,
    );
    checkout.write(file, before);
  });

  it("goes on after the engine was killed during a switch", async () => {
    const locks = path.join(checkout.state, ".pulumi/locks/organization/encaplab/local");
    let killed = false;
    const interrupted = await checkout.start(
      "bash",
      // The display of progress is on standard error.
      ["-c", "exec scripts/lab switch VXLAN 2>&1"],
      (shown) => {
        if (killed || !shown.includes("updated Node")) return;
        killed = true;
        const lock = fs.readFileSync(path.join(locks, fs.readdirSync(locks)[0] as string), "utf8");
        process.kill(JSON.parse(lock).pid, "SIGKILL");
      },
    );
    assert.ok(killed);
    assert.equal(interrupted.status, 128 + 9);
    const { status, stdout, stderr } = await checkout.lab("up");
    assert.equal(status, 0, stdout + stderr);
    assert.match(stderr, /was killed and left stack local locked; the lock is lifted/);
    assert.doesNotMatch(stdout, /pending operations/);
  });

  it("says that the lab's processes are gone, and rebuilds the lab", async () => {
    const [twin] = fs.readdirSync(path.join(state(), "twins"));
    const record = JSON.parse(
      fs.readFileSync(path.join(state(), "twins", twin as string, "sandbox.json"), "utf8"),
    );
    process.kill(record.pid, "SIGKILL");
    await until(() => !fs.existsSync(`/proc/${record.pid}`));
    const { status, stderr } = await checkout.lab("observe");
    assert.equal(status, 1);
    assert.match(stderr, /its processes are gone/);
    assert.match(await fine("up"), /^Observation: as predicted in all 290 probes/m);
  });

  it("plays a lesson, changes it, and takes it down, and its file stays as it is", async () => {
    await fine("down");
    assert.match(await fine("up", "L9"), /^L9 is up: None on the aws fabric, 3 nodes/m);
    assert.match(
      await fine("switch", "VXLAN"),
      /^same-subnet +fails: direct +works: vxlan\.calico, UDP 4789$/m,
    );
    assert.match(
      await fine("up", "--config", "faults=[]"),
      /^changed for this lab: encapsulation VXLAN .*; faults none/m,
    );
    assert.equal(git("status", "--porcelain"), "");
    const { stdout, stderr } = await checkout.lab("down");
    assert.doesNotMatch(stdout + stderr, /stack rm|history and configuration/);
    assert.equal(git("status", "--porcelain"), "");
    assert.equal(JSON.parse(await fine("verdict", "L9", "--json")).encapsulation, "None");
  });

  it("takes everything down and leaves the checkout unchanged", async () => {
    assert.equal(git("status", "--porcelain"), "");
    assert.deepEqual(fs.readdirSync(path.join(state(), "twins")), []);
    assert.deepEqual(mentions(path.join(state(), "twins")), []);
    const again = await checkout.lab("down");
    assert.equal(again.status, 0);
    assert.match(again.stderr, /Nothing to take down/);
  });
});
