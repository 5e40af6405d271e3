// How namespaces that outlive their maker are kept, found, entered and ended: the same for a twin and for node containers.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { endPause, enterPause, readRecord, startPause } from "../../components/infrastructure/runtime";
import {
  findSandbox,
  runScript,
  startSandbox,
  stopSandbox,
} from "../../components/infrastructure/twin/sandbox";
import { needsContainers, RUN, SPEC, specOf } from "../support/containers";
import { AS_NOBODY, type Impostor, pausesOf, recordOf, startImpostor } from "../support/pauses";
import { REPOSITORY } from "../support/repository";
import { mentions, until } from "../support/sandbox";
import { isRoot, NOBODY } from "../support/sandbox-under-test";
import { skip } from "../support/skip";

/** A kind of pause process, through what uses it in a lab. */
interface Kind {
  title: string;
  /** its script, in `scripts`, and those of earlier versions */
  script: string;
  former: string[];
  /** what a command enters that only needs to be inside */
  namespaces: string[];
  needs(context: Mocha.Context): void;
  start(folder: string): Promise<void>;
  /** what a command in its namespaces prints. @throws {Error} when it is not entered. */
  enter(folder: string): Promise<string>;
  end(folder: string): Promise<void>;
}

const run = (folder: string, ...words: string[]): string => {
  const { status, stdout, stderr } = spawnSync("bash", [RUN, folder, ...words], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return stdout;
};

const KINDS: Kind[] = [
  {
    title: "a twin",
    script: "twin/sandbox-pause.sh",
    former: ["twin/realm-holder.sh", "twin/machine-holder.sh", "twin/machine-pause.sh"],
    namespaces: ["user", "mount", "pid"],
    needs: () => {},
    start: async (folder) => {
      await startSandbox(folder, "namespaces");
    },
    enter: async (folder) => {
      const sandbox = findSandbox(folder);
      if (!sandbox) throw new Error("it has ended");
      return runScript(sandbox, "readlink /proc/1/ns/pid; echo $$ >/run/entered");
    },
    end: stopSandbox,
  },
  {
    title: "node containers",
    script: "containers/pause",
    former: ["containers/holder", "containers/pause"],
    namespaces: ["mount", "pid"],
    needs: needsContainers,
    start: async (folder) => {
      fs.mkdirSync(folder, { recursive: true });
      const spec = specOf(SPEC, "ssh-ed25519 AAAA");
      fs.writeFileSync(path.join(folder, "spec.json"), JSON.stringify(spec));
      const script = path.join(REPOSITORY, "scripts/containers/pause");
      await endPause(folder);
      await startPause({ folder, script, namespaces: ["mount", "pid"], progress: () => {} });
      const { bootId } = readRecord(folder) ?? assert.fail("it has recorded itself");
      const [program = "", ...argv] = enterPause({ folder, bootId, namespaces: ["mount", "pid"] });
      const add = spawnSync(program, [...argv, "ip", "netns", "add", "fabric"], { encoding: "utf8" });
      assert.equal(add.status, 0, add.stderr);
    },
    enter: async (folder) => run(folder, "enter", "fabric", "readlink", "/proc/1/ns/pid"),
    end: async (folder) => {
      run(folder, "down");
    },
  },
];

for (const kind of KINDS)
  describe(`the pause process of ${kind.title}`, function () {
    this.timeout(60_000);
    let base: string;
    let folder: string;
    const impostors: Impostor[] = [];

    before(function () {
      kind.needs(this);
    });
    beforeEach(() => {
      base = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-runtime-")));
      // Another user's impostor has its script here.
      fs.chmodSync(base, 0o755);
      folder = path.join(base, "lab");
    });
    afterEach(async () => {
      for (const impostor of impostors.splice(0)) impostor.end();
      await kind.end(folder);
      await until(() => mentions(folder).length === 0);
      fs.rmSync(base, { recursive: true, force: true });
    });

    const impostor = async (words: string[], before?: readonly string[], script = kind.script) => {
      const made = await startImpostor(base, script, words, before);
      impostors.push(made);
      return made;
    };
    const record = () => readRecord(folder) ?? assert.fail("there is a record");
    const forge = (value: object) =>
      fs.writeFileSync(path.join(folder, "sandbox.json"), JSON.stringify({ ...record(), ...value }));
    /** Through `enter` alone, which is all that stands before the namespaces. @returns its exit code. */
    const tryEnter = (bootId: string) => {
      const [program = "", ...argv] = enterPause({ folder, bootId, namespaces: kind.namespaces });
      const { status, stdout } = spawnSync(program, [...argv, "echo", "in"], { encoding: "utf8" });
      assert.equal(stdout, status === 0 ? "in\n" : "");
      return status;
    };
    const isLiving = (pid: number) => {
      try {
        return !/^State:\s+[ZX]/m.test(fs.readFileSync(`/proc/${pid}/status`, "utf8"));
      } catch {
        return false;
      }
    };

    it("records itself in a folder of its user's only, is entered, and is ended with everything in it", async () => {
      await kind.start(folder);
      const { pid, namespaces, user } = record();
      assert.equal(fs.statSync(folder).mode & 0o777, 0o700);
      assert.equal(user, process.getuid?.());
      assert.equal((await kind.enter(folder)).trim(), namespaces?.[2]);
      assert.equal(pausesOf(folder).length, 2, "it, and the unshare above it");
      await kind.end(folder);
      assert.equal(isLiving(pid), false);
      assert.deepEqual(pausesOf(folder), []);
      await assert.rejects(kind.enter(folder));
    });

    for (const [what, wrong] of [
      ["PID", () => ({ pid: 1 })],
      ["start time", () => ({ startTime: record().startTime + 1 })],
      ["boot of the machine", () => ({ machineBoot: "x" })],
      ["user", () => ({ user: 4711 })],
      ...["user", "mount", "PID", "network"].map(
        (name, index) =>
          [
            `${name} namespace`,
            () => ({
              namespaces: record().namespaces?.with(index, `${["user", "mnt", "pid", "net"][index]}:[1]`),
            }),
          ] as const,
      ),
    ] as [string, () => object][])
      it(`is not entered when its record has another ${what}`, async () => {
        await kind.start(folder);
        const right = record();
        assert.equal(tryEnter(right.bootId), 0);
        forge(wrong());
        assert.equal(tryEnter(right.bootId), 69);
        await assert.rejects(kind.enter(folder));
        forge(right);
        assert.equal((await kind.enter(folder)).trim(), right.namespaces?.[2]);
      });

    for (const [what, wrong] of [
      ["without a user, as one of an earlier version", { user: undefined }],
      ["without namespaces, as one of an earlier version", { namespaces: undefined }],
      ["that says it is not ready", { ready: false }],
    ] as const)
      it(`is not entered by a record ${what}`, async () => {
        await kind.start(folder);
        forge(wrong);
        assert.equal(tryEnter(record().bootId), 69);
        await assert.rejects(kind.enter(folder));
      });

    it("is not entered when its record is half a record, or in a folder where other users can write", async () => {
      await kind.start(folder);
      const text = fs.readFileSync(path.join(folder, "sandbox.json"), "utf8");
      fs.writeFileSync(path.join(folder, "sandbox.json"), text.slice(0, text.indexOf("namespaces")));
      await assert.rejects(kind.enter(folder));
      fs.writeFileSync(path.join(folder, "sandbox.json"), text);
      fs.chmodSync(folder, 0o777);
      await assert.rejects(kind.enter(folder));
    });

    it("is found beside two of another user's processes with the same arguments, which are neither entered nor ended", async function () {
      if (!isRoot()) skip(this, "not root: no process of another user can be started");
      const fakes = [await impostor([folder, "boot", "0"], AS_NOBODY), await impostor([folder], AS_NOBODY)];
      await assert.rejects(kind.enter(folder));
      await kind.start(folder);
      const { namespaces } = record();
      assert.equal((await kind.enter(folder)).trim(), namespaces?.[2]);
      await kind.end(folder);
      for (const fake of fakes) assert.equal(fake.isAlive(), true);
      for (const fake of fakes) fake.end();
    });

    it("is not another user's process, even when the record describes that one in every respect", async function () {
      if (!isRoot()) skip(this, "not root: no process of another user can be started");
      await kind.start(folder);
      const fake = await impostor([folder, "boot", "0"], ["setpriv", ...NOBODY.argv]);
      assert.equal(recordOf(fake.pid).user, NOBODY.id);
      for (const user of [NOBODY.id, 0]) {
        forge({ ...recordOf(fake.pid), user, bootId: record().bootId });
        assert.equal(tryEnter(record().bootId), 69);
        await assert.rejects(kind.enter(folder));
      }
      await kind.end(folder);
      assert.equal(fake.isAlive(), true);
      fake.end();
    });

    it("is not a process that another user has started with root's rights and the same arguments", async function () {
      if (!isRoot()) skip(this, "not root: no process with two users can be started");
      const fake = await impostor([folder, "boot", "0"], ["setpriv", "--ruid=65534", "--clear-groups"]);
      await kind.end(folder);
      assert.equal(fake.isAlive(), true);
      fake.end();
    });

    it("gives way, without a change, when an earlier start comes late to the same folder", async () => {
      await kind.start(folder);
      const before = fs.readFileSync(path.join(folder, "sandbox.json"), "utf8");
      const script = path.join(REPOSITORY, "scripts", kind.script);
      const late = spawnSync("bash", [script, folder, "an-earlier-boot-id", "0"], { encoding: "utf8" });
      assert.equal(late.status, 75, late.stderr);
      assert.match(late.stderr, /no longer belongs to this pause process/);
      assert.equal(fs.readFileSync(path.join(folder, "sandbox.json"), "utf8"), before);
      await kind.enter(folder);
    });

    it("is ended before another one is started in the same folder, and its handle enters no later one", async () => {
      await kind.start(folder);
      const first = record();
      await kind.start(folder);
      assert.equal(isLiving(first.pid), false);
      assert.notEqual(record().bootId, first.bootId);
      assert.equal(tryEnter(first.bootId), 69);
      assert.equal(tryEnter(record().bootId), 0);
    });

    for (const half of [0, 1])
      it(`ends completely when the ${half ? "second" : "first"} of its two processes is killed`, async () => {
        await kind.start(folder);
        const [victim] = pausesOf(folder)
          .sort((a, b) => a.pid - b.pid)
          .slice(half);
        process.kill(victim?.pid ?? assert.fail("it runs"), "SIGKILL");
        await until(() => pausesOf(folder).length === 0);
        await assert.rejects(kind.enter(folder));
      });

    it("ends by itself when its folder is deleted", async () => {
      await kind.start(folder);
      fs.rmSync(folder, { recursive: true });
      await until(() => pausesOf(folder).length === 0);
    });

    for (const script of kind.former)
      it(`is ended if it is one of an earlier version without a record, by ${script}`, async () => {
        fs.mkdirSync(folder, { mode: 0o700 });
        const former = await impostor([folder], [], script);
        await kind.end(folder);
        assert.equal(isLiving(former.pid), false);
      });

    // A twin has had the same record since version 0.2.
    if (kind.script === "containers/pause")
      it("is entered and ended by the record that node containers wrote until version 0.2", async () => {
        await kind.start(folder);
        const { pid, startTime, namespaces = [] } = record();
        fs.rmSync(path.join(folder, "sandbox.json"));
        const write = (started: number) =>
          fs.writeFileSync(
            path.join(folder, "pause.record"),
            `${pid} ${started} 0,0,0,0 ${namespaces.join(" ")}\n1 1\n`,
          );
        write(startTime);
        await assert.rejects(kind.enter(folder), /is not running/, "it is not ready");
        fs.writeFileSync(`/proc/${pid}/root/run/encaplab/ready`, "");
        assert.equal((await kind.enter(folder)).trim(), namespaces[2]);
        write(startTime + 1);
        await assert.rejects(kind.enter(folder), /is not running/);
        write(startTime);
        await kind.end(folder);
        assert.equal(isLiving(pid), false);
      });

    it("is ended, and never entered, by the record of version 0.1", async () => {
      fs.mkdirSync(folder, { mode: 0o700 });
      const former = await impostor(["another folder"]);
      const { pid, startTime, machineBoot } = recordOf(former.pid);
      const fields = { kind: "namespaces", bootId: "b", pid, startTime, machineBoot, ready: true };
      fs.writeFileSync(
        path.join(folder, "realm.json"),
        JSON.stringify({ ...fields, startTime: startTime + 1 }),
      );
      await assert.rejects(kind.enter(folder));
      await kind.end(folder);
      assert.equal(isLiving(former.pid), true, "the PID has another process");
      fs.mkdirSync(folder, { mode: 0o700, recursive: true });
      fs.writeFileSync(path.join(folder, "realm.json"), JSON.stringify(fields));
      await kind.end(folder);
      assert.equal(isLiving(former.pid), false);
    });
  });
