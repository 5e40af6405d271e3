import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { until } from "../support/sandbox";

const SCRIPTS = path.resolve(__dirname, "../../scripts");

describe("an entry in the user's cache", () => {
  let dir: string;
  beforeEach(() => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-cache-"));
  });
  afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

  const source = (body: string) =>
    `set -euo pipefail; . ${SCRIPTS}/engine/progress.sh; . ${SCRIPTS}/containers/cache.sh; cd ${dir}; ${body}`;
  const bash = (body: string) => spawnSync("bash", ["-c", source(body)], { encoding: "utf8" });
  const children = () =>
    fs.readdirSync(dir).filter((name) => name.startsWith("kept") && !name.endsWith(".lock"));

  it("is made once, by a command that gets an empty folder", () => {
    const make =
      'make() { [ -z "$(ls "$2")" ]; echo "$1" >>made; echo content >"$2/file"; }; keep "$PWD/kept" it make a';
    assert.equal(bash(make).status, 0);
    assert.equal(bash(make).status, 0);
    assert.equal(fs.readFileSync(path.join(dir, "made"), "utf8"), "a\n");
    assert.equal(fs.readFileSync(path.join(dir, "kept/file"), "utf8"), "content\n");
    assert.equal(fs.statSync(path.join(dir, "kept")).mode & 0o777, 0o755);
  });

  it("is made once when many runs want it at the same time", async () => {
    const make = 'make() { echo x >>made; sleep 0.3; }; keep "$PWD/kept" it make';
    const codes = await Promise.all(
      Array.from(
        { length: 4 },
        () =>
          new Promise((done) => spawn("bash", ["-c", source(make)], { stdio: "ignore" }).once("exit", done)),
      ),
    );
    assert.deepEqual(codes, [0, 0, 0, 0]);
    assert.equal(fs.readFileSync(path.join(dir, "made"), "utf8"), "x\n");
  });

  it("does not exist when the command failed or was killed, and the next run makes it", async () => {
    const failed = bash('make() { touch "$1/half"; false; }; keep "$PWD/kept" it make; echo unreached');
    assert.notEqual(failed.status, 0);
    assert.equal(failed.stdout, "");
    assert.ok(!fs.existsSync(path.join(dir, "kept")));

    const child = spawn(
      "bash",
      ["-c", source('make() { touch "$1/half"; sleep 60; }; keep "$PWD/kept" it make')],
      {
        detached: true,
        stdio: "ignore",
      },
    );
    await until(() => children().some((name) => fs.existsSync(path.join(dir, name, "half"))));
    process.kill(-(child.pid as number), "SIGKILL");
    await new Promise((done) => child.once("exit", done));
    assert.ok(!fs.existsSync(path.join(dir, "kept")));

    assert.equal(bash('make() { touch "$1/whole"; }; keep "$PWD/kept" it make').status, 0);
    assert.deepEqual(children(), ["kept"], "what the killed run left has been removed");
    assert.deepEqual(fs.readdirSync(path.join(dir, "kept")), ["whole"]);
  });

  it("has a key made from words and from the content of files", () => {
    const key = (words: string) => bash(`cache_key ${words}`).stdout;
    fs.writeFileSync(path.join(dir, "file"), "one");
    const first = key("file word");
    assert.match(first, /^[0-9a-f]{16}$/);
    assert.equal(key("file word"), first);
    assert.notEqual(key("file other"), first);
    fs.writeFileSync(path.join(dir, "file"), "two");
    assert.notEqual(key("file word"), first);
  });
});
