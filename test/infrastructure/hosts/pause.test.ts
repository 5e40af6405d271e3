// Which process scripts/containers/run takes for a lab's pause process. Nothing here boots a node.
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { needsContainers, RUN, SPEC, specOf } from "../../support/containers";
import { REPOSITORY } from "../../support/repository";
import { until } from "../../support/sandbox";

const NOBODY = ["--reuid=65534", "--regid=65534", "--clear-groups"];

describe("the pause process of node containers", () => {
  let base: string;
  let folder: string;
  const started: ChildProcess[] = [];

  before(function () {
    needsContainers(this);
  });
  beforeEach(() => {
    base = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-pause-")));
    fs.chmodSync(base, 0o755);
    folder = path.join(base, "lab");
    fs.mkdirSync(folder, { mode: 0o700 });
    fs.writeFileSync(path.join(folder, "spec.json"), JSON.stringify(specOf(SPEC, "ssh-ed25519 AAAA")));
    fs.writeFileSync(path.join(folder, "ports"), "cp1\t20001\n@api\t20002\n");
  });
  afterEach(() => {
    for (const child of started.splice(0)) if (child.pid) kill(-child.pid);
    spawnSync("bash", [RUN, folder, "down"]);
    fs.rmSync(base, { recursive: true, force: true });
  });

  const kill = (pid: number) => {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // it has ended
    }
  };
  const run = (...words: string[]) => spawnSync("bash", [RUN, folder, ...words], { encoding: "utf8" });
  const statusOf = () => {
    const { status, stdout, stderr } = run("status");
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout);
  };
  const RECORD = () => path.join(folder, "pause.record");

  /** Starts the real pause process alone. */
  const pause = async (): Promise<number> => {
    const code = `source ${REPOSITORY}/scripts/engine/progress.sh; source ${REPOSITORY}/scripts/containers/process.sh
      source ${REPOSITORY}/scripts/containers/pause.sh; start_pause ${folder} ${REPOSITORY}/scripts/containers`;
    execFileSync("bash", ["-euc", code], { stdio: ["ignore", "ignore", "inherit"] });
    return Number(fs.readFileSync(RECORD(), "utf8").split(" ")[0]);
  };

  /**
   * Starts, as the user nobody and in namespaces of its own, a process with these last arguments. It is ready as a pause
   * process would be, and whoever enters it runs its program instead of `inside`, which leaves a mark.
   */
  const impostor = async (...words: string[]): Promise<{ entered: () => boolean; alive: () => boolean }> => {
    const own = path.join(base, `own-${started.length}`);
    fs.mkdirSync(path.join(own, "containers"), { recursive: true });
    fs.writeFileSync(
      path.join(own, "containers/pause"),
      `mount -t tmpfs tmpfs /run; mkdir /run/encaplab; touch /run/encaplab/ready
       printf '#!/bin/bash\\ntouch ${own}/entered\\n' >${own}/inside
       mount --bind ${own}/inside ${REPOSITORY}/scripts/containers/inside
       touch ${own}/ready; sleep 600; :`,
    );
    execFileSync("chown", ["-R", "65534:65534", own]);
    const namespaces = ["--user", "--map-root-user", "--mount", "--pid", "--fork", "--mount-proc"];
    const argv = ["bash", path.join(own, "containers/pause"), folder, ...words];
    const child = spawn("setpriv", [...NOBODY, "unshare", ...namespaces, ...argv], {
      detached: true,
      stdio: "ignore",
    });
    started.push(child);
    await until(() => fs.existsSync(path.join(own, "ready")));
    return {
      entered: () => fs.existsSync(path.join(own, "entered")),
      alive: () => child.exitCode === null && child.signalCode === null,
    };
  };

  it("is not another user's process with the same arguments, which is neither entered nor ended", async () => {
    const fakes = [await impostor(), await impostor(), await impostor("some-boot-id")];
    const status = statusOf();
    assert.equal(status.nodes.cp1.running, false);
    assert.equal(status.api.running, false);
    assert.equal(run("down").status, 0);
    for (const fake of fakes) {
      assert.equal(fake.entered(), false);
      assert.equal(fake.alive(), true);
    }
  });

  it("is found beside another user's processes with the same arguments", async () => {
    const fake = await impostor();
    const pid = await pause();
    assert.equal(fs.statSync(folder).mode & 0o777, 0o700);
    fs.rmSync(path.join(folder, "ports"));
    fs.writeFileSync(path.join(folder, "ports"), "");
    assert.equal(run("status").stderr, "");
    assert.equal(run("down").status, 0);
    assert.equal(fs.existsSync(`/proc/${pid}`), false);
    assert.equal(fake.alive(), true);
    assert.equal(fake.entered(), false);
  });

  for (const [what, field, value] of [
    ["start time", 1, "1"],
    ["user", 2, "0,65534,0,0"],
    ["user namespace", 3, "user:[1]"],
    ["mount namespace", 4, "mnt:[1]"],
    ["PID namespace", 5, "pid:[1]"],
    ["network namespace", 6, "net:[1]"],
  ] as const) {
    it(`is not a process with the recorded PID and another ${what}`, async () => {
      const pid = await pause();
      const record = fs.readFileSync(RECORD(), "utf8");
      const [first = "", second] = record.split("\n");
      const fields = first.split(" ");
      assert.equal(fields.length, 7);
      fields[field] = value;
      fs.writeFileSync(RECORD(), `${fields.join(" ")}\n${second}\n`);
      assert.equal(statusOf().nodes.cp1.running, false);
      assert.equal(fs.existsSync(`/proc/${pid}`), true);
      fs.writeFileSync(RECORD(), record);
    });
  }

  it("ends by itself when its starter was killed before it had recorded itself", async () => {
    fs.writeFileSync(path.join(folder, "boot"), "a later one\n");
    const script = path.join(REPOSITORY, "scripts/containers/pause");
    const options = ["--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"];
    const { status } = spawnSync("unshare", [...options, "bash", script, folder, "an earlier one"]);
    assert.equal(status, 75);
  });

  it("is ended by up and down if it is one of an earlier version", () => {
    const old = path.join(base, "containers");
    fs.mkdirSync(old);
    fs.writeFileSync(path.join(old, "pause"), "sleep 600; :");
    const child = spawn("bash", [path.join(old, "pause"), folder], { detached: true, stdio: "ignore" });
    started.push(child);
    assert.equal(run("down").status, 0);
    assert.match(
      fs.existsSync(`/proc/${child.pid}/stat`) ? fs.readFileSync(`/proc/${child.pid}/stat`, "utf8") : ") Z",
      /\) Z/,
    );
  });
});
