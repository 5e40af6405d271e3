// Runs the real scripts/engine with stand-ins for `go`, `pulumi` and the download. The real build takes minutes;
// scripts/test does it on a fresh machine.
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { isAlive, Machine, minimum, pin, type Result } from "../support/machine";

const built = (machine: Machine) => {
  const [key, ...others] = machine.cache();
  assert.deepEqual(others, [], "one engine and no left-overs");
  return path.join(machine.dir, ".cache/encaplab/engine", key ?? "none", "bin");
};

describe("scripts/engine", () => {
  let machine: Machine;
  beforeEach(() => {
    machine = new Machine();
  });
  afterEach(() => machine.remove());

  const good = async (result: Promise<Result>, says: RegExp): Promise<string> => {
    const { status, stdout, stderr } = await result;
    assert.equal(status, 0, stderr);
    assert.match(stderr, says);
    return stdout.trimEnd().split("\n").at(-1) ?? "";
  };

  it("uses a pulumi on PATH that is new enough", async () => {
    const folder = machine.onPath(minimum);
    assert.equal(await good(machine.find(), new RegExp(`^engine: pulumi v${minimum}, on PATH`)), folder);
    assert.deepEqual(machine.cache(), []);
  });

  for (const [what, version, host, says] of [
    ["is too old", "3.99.9", true, /v3\.99\.9, older than v/],
    ["does not tell its version", "banana", true, /does not tell its version \(it said: 'banana'\)/],
    ["has no language host", "3.999.0", false, /has no pulumi-language-nodejs/],
  ] as const) {
    it(`says why it does not use the pulumi on PATH when it ${what}, and gets another engine`, async () => {
      machine.onPath(version, host);
      assert.equal(await good(machine.find(), says), built(machine));
    });
  }

  it("uses the official download if it is available, and keeps it", async () => {
    const folder = await good(
      machine.find({ FAKE_NET: "open" }),
      new RegExp(`v${pin}, official download$`, "m"),
    );
    assert.equal(folder, built(machine));
    await good(machine.find(), /official download \(cached\)/);
    assert.equal(machine.builds(), 0);
  });

  for (const [net, says] of [
    ["closed", /no network: get\.pulumi\.com cannot be reached \(ENOTFOUND\)/],
    ["silent", /no network: get\.pulumi\.com cannot be reached \(.*timeout/],
    ["torn", /connection reset/],
  ] as const) {
    it(`builds from Go modules within ten seconds when the network is ${net}`, async () => {
      const before = Date.now();
      const folder = await good(machine.find({ FAKE_NET: net }), says);
      assert.ok(Date.now() - before < 10_000);
      assert.equal(folder, built(machine));
      assert.ok(fs.existsSync(path.join(folder, "pulumi-resource-pulumi-nodejs")));
      assert.equal(await good(machine.find(), /built from Go modules \(cached\)/), folder);
      assert.equal(machine.builds(), 1);
    });
  }

  for (const [what, go, says] of [
    ["a module", "unreachable", /engine: Go modules: no network: proxy\.example cannot be reached/],
    [
      "the toolchain that go.mod asks for",
      "no-toolchain",
      /engine: the Go toolchain: no network: proxy\.example cannot be reached/,
    ],
  ] as const) {
    it(`says that there is no network when Go cannot fetch ${what}`, async () => {
      const { status, stderr } = await machine.find({ FAKE_GO: go });
      assert.equal(status, 1);
      assert.match(stderr, says);
      assert.deepEqual(machine.cache(), []);
    });
  }

  it("says nothing when it finds an engine, unless ENCAPLAB_VERBOSE is 1", async () => {
    await good(machine.find({ ENCAPLAB_VERBOSE: "" }), /^engine: pulumi v.*, built from Go modules$/m);
    assert.equal((await machine.find({ ENCAPLAB_VERBOSE: "" })).stderr, "");
    machine.onPath(minimum);
    assert.equal((await machine.find({ ENCAPLAB_VERBOSE: "" })).stderr, "");
  });

  it("removes old engines when it gets a new one, but not the last two", async () => {
    const cache = path.join(machine.dir, ".cache/encaplab/engine");
    for (const [name, days] of [
      ["aaaaaaaaaaaaaaaa", 40],
      ["bbbbbbbbbbbbbbbb", 30],
      ["cccccccccccccccc", 20],
    ] as const) {
      fs.mkdirSync(path.join(cache, name), { recursive: true });
      const used = Date.now() / 1000 - days * 24 * 3600;
      fs.utimesSync(path.join(cache, name), used, used);
    }
    await good(machine.find(), /removing .*bbbbbbbbbbbbbbbb, which was last used 30 d ago/);
    const left = machine.cache();
    assert.equal(left.length, 2);
    assert.ok(left.includes("cccccccccccccccc"));
  });

  it("does not mistake its own cached engine for the user's pulumi on PATH", async () => {
    const folder = await good(machine.find(), /built from Go modules$/m);
    const again = machine.find({ PATH: `${folder}:${machine.bin}` });
    assert.equal(await good(again, /\(cached\)/), folder);
  });

  it("leaves no engine that looks finished when everything is killed half-way, and builds it the next time", async () => {
    const [child, result, go] = await machine.halfWay();
    const group = Number(fs.readFileSync(`/proc/${go}/stat`, "utf8").split(") ")[1]?.split(" ")[2]);
    child.kill("SIGKILL");
    process.kill(-group, "SIGKILL");
    await result;
    await machine.until(() => !isAlive(go), "the end of go");
    assert.match(machine.cache().join(), /^\w+\.work\.\w+$/);
    assert.equal(await good(machine.find(), /built from Go modules$/m), built(machine));
  });

  it("lets a build go on when only its parent is killed, and uses the result", async () => {
    const [child] = await machine.halfWay();
    child.kill("SIGKILL");
    const next = machine.find();
    machine.openGate();
    assert.equal(await good(next, /another run is getting it; waiting/), built(machine));
    assert.equal(machine.builds(), 1);
  });

  for (const [signal, code] of [
    ["SIGTERM", 143],
    ["SIGINT", 130],
    ["SIGHUP", 143],
  ] as const) {
    it(`ends every child and cleans up on ${signal}`, async () => {
      const [child, result, go] = await machine.halfWay();
      child.kill(signal);
      assert.equal((await result).status, code);
      assert.equal(isAlive(go), false);
      assert.deepEqual(machine.cache(), []);
    });
  }

  it("builds only once when two runs start at the same time", async () => {
    const [, first] = await machine.halfWay();
    const [child, second] = machine.start("exec bash scripts/engine/find");
    let said = "";
    child.stderr?.on("data", (data) => (said += data));
    await machine.until(() => said.includes("waiting"), "the second run's message");
    machine.openGate();
    assert.equal(await good(first, /built from Go modules$/m), await good(second, /\(cached\)/));
    assert.equal(machine.builds(), 1);
  });

  for (const [how, damage] of [
    ["is cut short", (file: string) => fs.truncateSync(file, 5)],
    ["is gone", (file: string) => fs.rmSync(file)],
    [
      "has one byte changed, with size and time as before",
      (file: string) => {
        const { atime, mtime } = fs.statSync(file);
        fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace("echo", "ecHo"));
        fs.utimesSync(file, atime, mtime);
      },
    ],
  ] as const) {
    it(`never uses a binary that ${how}`, async () => {
      const folder = await good(machine.find(), /built/);
      damage(path.join(folder, "pulumi"));
      assert.equal(
        await good(machine.find(), /is damaged .*\n[\s\S]*built from Go modules$/m),
        built(machine),
      );
      assert.equal(machine.builds(), 2);
    });
  }

  for (const [what, arrange, says] of [
    [
      "there is no Go",
      (m: Machine) => fs.rmSync(path.join(m.bin, "go")),
      /no `go` on PATH; install one of:[\s\S]*go\.dev/,
    ],
    [
      "Go is too old",
      (m: Machine) => Object.assign(m.env, { FAKE_GOVERSION: "1.19.8" }),
      /is Go 1\.19\.8, but the engine needs Go 1\.\d+/,
    ],
    [
      "the build fails",
      (m: Machine) => Object.assign(m.env, { FAKE_GO: "broken" }),
      /Go said:\n[\s\S]*no luck today/,
    ],
  ] as const) {
    it(`says what to do and leaves nothing behind when ${what}`, async () => {
      arrange(machine);
      const { status, stdout, stderr } = await machine.find();
      assert.equal(status, 1);
      assert.match(stderr, says);
      assert.equal(stdout, "");
      assert.deepEqual(machine.cache(), []);
    });
  }
});
