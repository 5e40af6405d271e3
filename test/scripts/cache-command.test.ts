/** scripts/setup cache, cache prune and uninstall, and the pruning when a new entry is made. In a cache of the test's own. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { repository } from "../support/machine";
import { skip } from "../support/skip";

const DAY = 24 * 3600;

describe("the user's cache", () => {
  let base: string;
  let home: string;
  let cache: string;
  let state: string;
  let processes: ChildProcess[];
  beforeEach(() => {
    base = fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-cache-"));
    home = base;
    cache = path.join(home, "cache/encaplab");
    state = path.join(home, "state/encaplab");
    processes = [];
  });
  afterEach(() => {
    for (const child of processes) child.kill("SIGKILL");
    fs.rmSync(base, { recursive: true, force: true });
  });

  const env = () => ({
    PATH: process.env.PATH,
    HOME: home,
    TMPDIR: base,
    XDG_CACHE_HOME: path.join(home, "cache"),
    XDG_STATE_HOME: path.join(home, "state"),
  });
  const setup = (...words: string[]) => {
    const { status, stdout, stderr } = spawnSync("bash", [path.join(repository, "scripts/setup"), ...words], {
      env: env(),
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    return { status, stdout, stderr };
  };
  /** Makes an entry that was used so many days ago. */
  const entry = (name: string, days: number): string => {
    const folder = path.join(cache, name);
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, "content"), "x".repeat(2_000_000));
    const used = Date.now() / 1000 - days * DAY;
    fs.utimesSync(folder, used, used);
    return folder;
  };
  const left = (kind: string) =>
    fs
      .readdirSync(path.join(cache, kind))
      .filter((name) => !name.endsWith(".lock"))
      .sort();
  interface Listed {
    path: string;
    kind: string;
    title: string;
    bytes: number;
    lastUsed: string;
    state: string;
  }
  const listed = (): { folder: string; bytes: number; entries: Listed[] } =>
    JSON.parse(setup("cache", "--json").stdout);
  const states = () =>
    Object.fromEntries(
      listed().entries.map((one) => [one.path.slice(cache.length + 1), one.state] as [string, string]),
    );

  it("is shown with path, size, age, state and what each entry is, in 80 columns", () => {
    entry("engine/aaaaaaaaaaaaaaaa", 3);
    entry("engine/bbbbbbbbbbbbbbbb", 40);
    entry("cluster/calico-programs-cccccccccccccccc", 0);
    const { status, stdout } = setup("cache");
    assert.equal(status, 0);
    assert.match(
      stdout,
      /^Pulumi, the engine\n {5}\d MB {5}3 d ago {2}newest {2}engine\/a+\n {5}\d MB {4}40 d ago {2}unused {2}engine\/b+\n/,
    );
    assert.match(stdout, /^Calico, compiled for the test suite\n.*cluster\/calico-programs-c+$/m);
    assert.match(stdout, /^Nothing uses \d MB of it: scripts\/lab cache prune$/m);
    const widest = stdout.split("\n").filter((line) => !line.includes(cache));
    assert.ok(Math.max(...widest.map((line) => line.length)) <= 80);
  });

  it("is shown as JSON that keeps a path with quotes", () => {
    home = path.join(home, 'a "home"');
    cache = path.join(home, "cache/encaplab");
    entry("node-root/aaaaaaaaaaaaaaaa", 1);
    const { folder, bytes, entries } = listed();
    assert.equal(folder, cache);
    assert.equal(entries.length, 1);
    const [one] = entries as [Listed];
    assert.equal(one.path, path.join(cache, "node-root/aaaaaaaaaaaaaaaa"));
    assert.equal(one.kind, "node-root");
    assert.ok(one.bytes >= 2_000_000 && bytes === one.bytes);
    const days = (Date.now() - Date.parse(one.lastUsed)) / 1000 / DAY;
    assert.ok(days > 0.99 && days < 1.01, one.lastUsed);
  });

  it("says that it is empty", () => {
    assert.equal(setup("cache").stdout, `The cache is empty: ${cache}\n`);
    assert.deepEqual(listed(), { folder: cache, bytes: 0, entries: [] });
  });

  it("knows what is in use: by a program, an argument, a node's disk, and by a run that is making it", async () => {
    entry("engine/newer", 0);
    const engine = entry("engine/running", 9);
    fs.copyFileSync("/bin/sleep", path.join(engine, "pulumi"));
    fs.chmodSync(path.join(engine, "pulumi"), 0o755);
    processes.push(spawn(path.join(engine, "pulumi"), ["1000"], { stdio: "ignore" }));
    const image = entry("machine/form-1", 9);
    entry("machine/form-2", 0);
    processes.push(spawn("tail", ["-f", `${image}/content`], { stdio: "ignore" }));
    entry("node-root/newer", 0);
    const root = entry("node-root/stopped", 9);
    const disk = path.join(state, "containers/lab-12345678/nodes/w1");
    fs.mkdirSync(disk, { recursive: true });
    fs.writeFileSync(path.join(disk, "lower"), `/a/layer:${root}\n`);
    const work = entry("cluster/layer-abc.work.x1", 0);
    const lock = `${path.join(cache, "cluster/layer-abc")}.lock`;
    const holder = spawn("flock", ["--no-fork", lock, "sh", "-c", "echo locked; exec sleep 1000"]);
    processes.push(holder);
    await new Promise((done) => holder.stdout.once("data", done));
    assert.deepEqual(states(), {
      [path.relative(cache, work)]: "in use",
      "engine/newer": "newest",
      "engine/running": "in use",
      "machine/form-1": "in use",
      "machine/form-2": "newest",
      "node-root/newer": "newest",
      "node-root/stopped": "in use",
    });
  });

  it("loses by `prune` what is unused, and nothing without consent", () => {
    for (const [name, days] of [
      ["engine/a", 3],
      ["engine/b", 2],
      ["node-root/c", 300],
      ["cluster/layer-d.work.x1", 1],
      ["cluster/calico-e", 5],
      ["cluster/calico-programs-f", 6],
      ["calico", 1],
    ] as const)
      entry(name, days);
    fs.writeFileSync(path.join(cache, "engine/a.lock"), "");
    fs.utimesSync(path.join(cache, "engine/a.lock"), Date.now() / 1000, Date.now() / 1000); // used now
    const unasked = setup("cache", "prune");
    assert.equal(unasked.status, 1);
    assert.match(unasked.stderr, /there is no terminal to ask on; add --yes/);
    assert.deepEqual(left("engine"), ["a", "b"]);
    const pruned = setup("cache", "prune", "--yes");
    assert.equal(pruned.status, 0, pruned.stderr);
    assert.deepEqual(left("engine"), ["a"]);
    assert.deepEqual(left("node-root"), ["c"]);
    assert.deepEqual(left("cluster"), ["calico-e", "calico-programs-f"]);
    assert.match(setup("cache", "prune", "--yes").stderr, /Nothing to remove/);
  });

  it("is pruned when a new entry is made: old ones of its kind go, except the last two and those in use", () => {
    const old = entry("node-root/in-use", 90);
    processes.push(spawn("tail", ["-f", `${old}/content`], { stdio: "ignore" }));
    for (const [name, days] of [
      ["node-root/oldest", 80],
      ["node-root/old", 70],
      ["node-root/last", 60],
      ["engine/other", 99],
    ] as const)
      entry(name, days);
    const keep = `set -euo pipefail; cd ${repository}; . scripts/engine/progress.sh; . scripts/containers/cache.sh
      make() { touch "$1/made"; }; keep "$encaplab_cache/node-root/new" it make`;
    const made = spawnSync("bash", ["-c", keep], { env: env(), encoding: "utf8" });
    assert.equal(made.status, 0, made.stderr);
    assert.deepEqual(left("node-root"), ["in-use", "last", "new"]);
    assert.deepEqual(left("engine"), ["other"]);
  });

  it("keeps what was used within a day, however much that is: another checkout may need it", () => {
    for (const name of ["a", "b", "c", "d"]) entry(`node-root/${name}`, 0.5);
    const keep = `. ${repository}/scripts/engine/progress.sh; . ${repository}/scripts/containers/cache.sh
      keep "$encaplab_cache/node-root/new" it true`;
    assert.equal(spawnSync("bash", ["-c", keep], { env: env() }).status, 0);
    assert.deepEqual(left("node-root"), ["a", "b", "c", "d", "new"]);
  });

  it("marks an entry as used each time it is used", () => {
    entry("node-root/a", 50);
    entry("node-root/b", 40);
    const keep = `. ${repository}/scripts/engine/progress.sh; . ${repository}/scripts/containers/cache.sh
      keep "$encaplab_cache/node-root/a" it false`;
    assert.equal(spawnSync("bash", ["-c", keep], { env: env() }).status, 0);
    assert.deepEqual(states(), { "node-root/a": "newest", "node-root/b": "unused" });
  });

  describe("uninstall", () => {
    const stack = (name: string, latest: object) => {
      const file = path.join(state, `pulumi/.pulumi/stacks/encaplab/${name}.json`);
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, JSON.stringify({ version: 3, checkpoint: { latest } }));
    };

    it("removes the cache and the state folder, and nothing else", () => {
      entry("engine/a", 1);
      stack("down", { manifest: {} });
      const other = path.join(home, "cache/other");
      fs.mkdirSync(other, { recursive: true });
      // tsx makes it for each user, in the temporary folder.
      const compiled = path.join(base, `tsx-${process.getuid?.()}`);
      fs.mkdirSync(compiled);
      assert.equal(setup("uninstall").status, 1);
      assert.ok(fs.existsSync(cache) && fs.existsSync(state) && fs.existsSync(compiled));
      const { status, stderr } = setup("uninstall", "--yes");
      assert.equal(status, 0, stderr);
      assert.ok(!fs.existsSync(cache) && !fs.existsSync(state) && !fs.existsSync(compiled));
      assert.ok(fs.existsSync(other));
      assert.match(setup("uninstall", "--yes").stderr, /has left nothing outside this checkout/);
    });

    it("refuses while labs are up, and names them: in a cloud, on the twin, in node containers", () => {
      stack("L9", { resources: [{ urn: "urn:pulumi:L9::encaplab::pulumi:pulumi:Stack::encaplab-L9" }] });
      stack("down", { manifest: {} });
      fs.writeFileSync(path.join(state, "pulumi/.pulumi/stacks/encaplab/half.json"), '{"version":3,"chec');
      fs.writeFileSync(path.join(state, "pulumi/.pulumi/stacks/encaplab/none.json"), "");
      fs.mkdirSync(path.join(state, "twins/my-lab-0a1b2c3d"), { recursive: true });
      fs.mkdirSync(path.join(state, "containers/nodes-0a1b2c3d"), { recursive: true });
      const { status, stderr } = setup("uninstall", "--yes");
      assert.equal(status, 1);
      assert.match(
        stderr,
        /these labs are up: L9 half my-lab nodes none; take each down first: scripts\/lab down NAME/,
      );
      assert.ok(fs.existsSync(state));
    });

    it("refuses while a process uses something of the cache", () => {
      const image = entry("machine/form-1", 1);
      processes.push(spawn("tail", ["-f", `${image}/content`], { stdio: "ignore" }));
      const { status, stderr } = setup("uninstall", "--yes");
      assert.equal(status, 1);
      assert.match(stderr, new RegExp(`processes of this machine still use: ${image}`));
    });

    it("says which packages it had installed that are still there, and how to remove them", function () {
      if (spawnSync("dpkg-query", ["-W", "dpkg"]).status !== 0) skip(this, "this machine has no dpkg");
      fs.mkdirSync(state, { recursive: true });
      fs.writeFileSync(path.join(state, "system-packages"), "dpkg\nnot-a-package\ndpkg\n");
      const { stderr } = setup("uninstall", "--yes");
      assert.match(stderr, /had installed these system packages; .*: (sudo )?apt-get remove dpkg\n/);
    });
  });
});
