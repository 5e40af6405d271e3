/** A plug-in whose engine is killed ends by itself, however early that happens. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import { createServer, type Server } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { endOrphans, markEngine } from "../../scripts/cli/orphans";
import { isAlive } from "../support/machine";
import { REPOSITORY } from "../support/repository";
import { until } from "../support/sandbox";

/** A `node` that waits before it becomes the real one, until the file `gate` is there. */
const HELD_NODE = `#!/bin/sh
echo $$ >>"$HELD/pids"
until [ -e "$HELD/gate" ]; do sleep 0.05; done
exec ${JSON.stringify(process.execPath)} "$@"
`;

/** A language host that serves nothing. */
const HOST = `#!/bin/sh
echo $$ >>"$HELD/pids"
exec sleep 300
`;

describe("a plug-in whose engine was killed", function () {
  this.timeout(60_000);
  let held: string;
  let server: Server;
  let engine: ChildProcess;
  let output: string;

  beforeEach(async () => {
    held = fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-orphan-"));
    server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterEach(() => {
    engine.kill("SIGKILL");
    for (const pid of pids()) if (isAlive(pid)) process.kill(pid, "SIGKILL");
    server.close();
    fs.rmSync(held, { recursive: true, force: true });
  });

  const write = (name: string, text: string) =>
    fs.writeFileSync(path.join(held, name), text, { mode: 0o755 });
  const pids = (): number[] => {
    const file = path.join(held, "pids");
    return fs.existsSync(file) ? fs.readFileSync(file, "utf8").trim().split("\n").map(Number) : [];
  };
  const address = () => `127.0.0.1:${(server.address() as { port: number }).port}`;
  /** A process that starts the plug-in, as the engine does: in a process group of its own. */
  const startEngine = (command: readonly string[], more: NodeJS.ProcessEnv = {}) => {
    output = "";
    const line = 'set -m; "$@" & wait';
    engine = spawn("bash", ["-c", line, "engine", ...command], {
      cwd: REPOSITORY,
      env: { ...process.env, HELD: held, ...more },
      stdio: ["ignore", "pipe", "ignore"],
    });
    engine.stdout?.on("data", (text) => {
      output += text;
    });
  };
  const killEngine = () => {
    engine.kill("SIGKILL");
    server.close();
    return new Promise((resolve) => engine.once("exit", resolve));
  };
  const assertEnds = async () => {
    assert.ok(pids().length > 0);
    await until(() => !pids().some(isAlive), 20_000);
    assert.deepEqual(pids().filter(isAlive), []);
  };
  const plugin = (name: string) => path.join(REPOSITORY, "scripts/engine", name);

  it("ends when that was before it had loaded anything: the provider of dynamic resources", async () => {
    write("node", HELD_NODE);
    startEngine([plugin("pulumi-resource-pulumi-nodejs"), address()], {
      PATH: `${held}:${process.env.PATH}`,
    });
    await until(() => pids().length > 0, 20_000);
    await killEngine();
    write("gate", "");
    await assertEnds();
  });

  it("ends when it was never called: the provider of dynamic resources", async () => {
    write("node", HELD_NODE);
    write("gate", "");
    startEngine([plugin("pulumi-resource-pulumi-nodejs"), address()], {
      PATH: `${held}:${process.env.PATH}`,
    });
    await until(() => /^\d+\n/.test(output), 40_000); // its port: it serves
    await killEngine();
    await assertEnds();
  });

  it("ends: the program", async () => {
    write("node", HELD_NODE);
    const argv = ["--require", "./scripts/typescript.cjs", "--eval", "setInterval(() => {}, 1000)", "--"];
    startEngine([path.join(held, "node"), ...argv, "--monitor", address(), "--engine", address()]);
    await until(() => pids().length > 0, 20_000);
    await killEngine();
    write("gate", "");
    await assertEnds();
  });

  it("ends when that was at any time: the language host", async () => {
    fs.copyFileSync(plugin("pulumi-language-nodejs"), path.join(held, "pulumi-language-nodejs"));
    write("pulumi-language-nodejs.host", HOST);
    startEngine([path.join(held, "pulumi-language-nodejs"), address()]);
    await until(() => pids().length > 0, 20_000);
    await killEngine();
    await assertEnds();
  });

  it("ends when that was before it could ask who started it: the language host", async () => {
    fs.copyFileSync(plugin("pulumi-language-nodejs"), path.join(held, "pulumi-language-nodejs"));
    write("pulumi-language-nodejs.host", HOST);
    const gone = address();
    await new Promise((resolve) => server.close(resolve));
    startEngine([path.join(held, "pulumi-language-nodejs"), gone]); // this engine lives, but is not the one at the address
    // It waits for its plug-in.
    await until(() => engine.exitCode !== null, 20_000);
    assert.deepEqual(pids().filter(isAlive), []);
  });

  it("lives on while its engine does, and ends with its host: the watch over the language host", async () => {
    fs.copyFileSync(plugin("pulumi-language-nodejs"), path.join(held, "pulumi-language-nodejs"));
    write("pulumi-language-nodejs.host", '#!/bin/sh\necho $$ >>"$HELD/pids"\nsleep 3\necho done\n');
    startEngine([path.join(held, "pulumi-language-nodejs"), address()]);
    await new Promise((resolve) => engine.once("close", resolve)); // nothing holds its output any more
    assert.equal(output, "done\n");
  });
});

describe("the plug-in of a cloud whose engine was killed", () => {
  it("is ended before the next run looks at the cloud, and no plug-in of another stack or engine is", async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-orphan-"));
    const children: ChildProcess[] = [];
    const mark = process.env.ENCAPLAB_ENGINE_OF;
    /** A process of that name, whose parent has ended or is this one. */
    const start = async (name: string, stack: string): Promise<number> => {
      markEngine(stack);
      const program = path.join(folder, name);
      if (!fs.existsSync(program)) fs.symlinkSync(process.execPath, program);
      const child = spawn(program, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
      children.push(child);
      await new Promise((done) => child.once("spawn", done));
      return child.pid as number;
    };
    try {
      const orphan = await start("pulumi-resource-aws", "one");
      const others = [await start("pulumi-resource-aws", "two"), await start("sandbox-pause", "one")];
      await until(() => fs.readFileSync(`/proc/${orphan}/cmdline`, "utf8").includes("pulumi-resource-aws"));
      assert.deepEqual(endOrphans("one"), [orphan]);
      await until(() => !isAlive(orphan));
      assert.deepEqual(others.filter(isAlive), others);
    } finally {
      for (const child of children) child.kill("SIGKILL");
      if (mark === undefined) delete process.env.ENCAPLAB_ENGINE_OF;
      else process.env.ENCAPLAB_ENGINE_OF = mark;
      fs.rmSync(folder, { recursive: true, force: true });
    }
  });
});
