/** What answers datagrams in a study pod, and what asks it: its scripts, with the programs of this machine. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import * as dgram from "node:dgram";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { text } from "node:stream/consumers";
import { commandOf } from "../../../components/study/cluster/commands";
import { LISTENER, type Listener, serverOf } from "../../../components/study/cluster/listener";
import { studyObjects } from "../../../components/study/cluster/manifest";
import { planOf } from "../../support/problems";
import { freePort } from "../../support/sshd";

describe("a study pod's server for datagrams", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-study-"));
  let servers: ChildProcess[] = [];

  before(() => {
    const scripts = studyObjects(planOf({}), "image").find(({ kind }) => kind === "ConfigMap");
    assert.ok(scripts && "data" in scripts);
    for (const [name, script] of Object.entries(scripts.data as Record<string, string>))
      fs.writeFileSync(path.join(folder, name), script);
  });
  after(() => fs.rmSync(folder, { recursive: true }));
  afterEach(() => {
    for (const { pid } of servers) if (pid) process.kill(-pid);
    servers = [];
  });

  /** A command of a pod, on this machine. */
  const here = (command: string) => command.replaceAll("/study/", `${folder}/`);
  const serve = (listener: Listener) => {
    const server = spawn("sh", ["-c", here(`exec ${serverOf(listener)}`)], {
      detached: true,
      stdio: "ignore",
    });
    servers.push(server);
  };
  const ask = async (port: number, size: number) => {
    const to = { probe: "udp", destination: "127.0.0.1", port, size } as const;
    const asked = spawn("sh", ["-c", here(commandOf(to, 3))], { stdio: ["ignore", "pipe", "ignore"] });
    const [answer] = await Promise.all([text(asked.stdout), once(asked, "close")]);
    return [asked.exitCode, answer.trim()];
  };

  it("answers each of many that ask at the same time, again and again", async () => {
    const port = await freePort();
    serve({ protocol: "udp", port });
    for (let round = 0; round < 20; round++) {
      const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => ask(port, 84 + 10 * i)));
      assert.deepEqual(new Set(answers.map(String)), new Set(["0,encaplab"]), `in round ${round}`);
    }
  });

  it("is asked until it is there", async () => {
    const port = await freePort();
    const asked = ask(port, 84);
    serve({ protocol: "udp", port });
    assert.deepEqual(await asked, [0, "encaplab"]);
  });

  it("is asked with whole datagrams from one port, five of them a second, until it answers", async () => {
    const socket = dgram.createSocket("udp4");
    const got: { length: number; port: number }[] = [];
    socket.on("message", ({ length }, { port, address }) => {
      got.push({ length, port });
      if (got.length === 3) socket.send("encaplab", port, address);
    });
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    try {
      assert.deepEqual(await ask(socket.address().port, 9000), [0, "encaplab"]);
    } finally {
      socket.close();
    }
    assert.deepEqual(
      got.map(({ length }) => length),
      [8972, 8972, 8972],
    );
    assert.equal(new Set(got.map(({ port }) => port)).size, 1);
  });

  it("without an answer is asked until the window is over", async () => {
    assert.deepEqual(await ask(await freePort(), 84), [124, ""]);
  });

  it("listens when the command that starts it ends, on TCP as well, or does not where something else listens", async () => {
    for (const protocol of ["udp", "tcp"] as const) {
      const port = await freePort();
      const script = `${here(LISTENER({ protocol, port }))}\ngrep -c ':${port.toString(16).toUpperCase().padStart(4, "0")} ' /proc/net/${protocol}; kill $!`;
      const started = spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "inherit"] });
      const [count] = await Promise.all([text(started.stdout), once(started, "close")]);
      assert.equal(count, "1\n", protocol);
    }
    const port = await freePort();
    serve({ protocol: "tcp", port });
    const script = `${here(LISTENER({ protocol: "tcp", port }))}\necho ended`;
    const second = spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "inherit"] });
    assert.equal(await text(second.stdout), "ended\n");
  });
});
