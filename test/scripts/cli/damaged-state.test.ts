// A state that a full disk or a killed engine left damaged, with a stand-in for `pulumi`.
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { gzipSync } from "node:zlib";
import { CliCheckout, MACHINES, onLab, TWIN, UNASKED } from "../../support/cli-checkout";

describe("a damaged state", function () {
  this.timeout(60_000);
  let checkout: CliCheckout;
  beforeEach(() => {
    checkout = new CliCheckout().withStandIn();
  });
  afterEach(() => checkout.remove());

  const inBackend = (file: string) => path.join(checkout.state, ".pulumi", file);
  const write = (file: string, text: string | Buffer) => {
    fs.mkdirSync(path.dirname(inBackend(file)), { recursive: true });
    fs.writeFileSync(inBackend(file), text);
  };
  const whole = (resources: object[]) =>
    JSON.stringify({ version: 3, checkpoint: { latest: { resources } } });
  const STATE = "stacks/encaplab/local.json";

  for (const [what, text] of [
    ["is empty", ""],
    ["ends in the middle", whole(TWIN).slice(0, 40)],
    ["is other JSON", "[]"],
    ["has no checkpoint", '{"version":3}'],
  ] as const)
    it(`that ${what} is restored by up and by down from the engine's copy, and is kept`, async () => {
      for (const word of ["up", "down"]) {
        write(STATE, text);
        write(`${STATE}.bak`, whole(TWIN));
        const { status, stderr } = await checkout.launch(word, "local");
        assert.equal(status, 0, stderr);
        assert.match(
          stderr,
          /^The state of local could not be read \(.*\)\. The engine's copy .* is in its place now/m,
        );
        assert.equal(fs.readFileSync(inBackend(`${STATE}.damaged`), "utf8"), text);
        const run = word === "up" ? "up" : "destroy";
        assert.deepEqual(checkout.calls(), [`${run} ${onLab("local")} ${UNASKED}`]);
      }
    });

  it("is restored where the engine compresses its files", async () => {
    write(`${STATE}.gz`, gzipSync(whole(TWIN)).subarray(0, 60));
    write(`${STATE}.gz.bak`, gzipSync(whole(TWIN)));
    const { status, stderr } = await checkout.launch("down", "local");
    assert.equal(status, 0, stderr);
    assert.match(stderr, /is in its place now.*\nlocal is down/);
  });

  it("is one sentence for every command that only reads, with the way back, and no other lab suffers", async () => {
    write(STATE, "{");
    write(`${STATE}.bak`, whole(TWIN));
    checkout.deployed("L9", { resources: checkout.livingTwin() });
    for (const words of [
      ["kubeconfig", "local"],
      ["shell", "w1", "--stack", "local"],
      ["observe", "local"],
    ]) {
      const { status, stdout, stderr } = await checkout.launch(...words);
      assert.deepEqual([status, stdout], [1, ""]);
      assert.match(
        stderr,
        /^The state of local cannot be read: .*local\.json: .* `scripts\/lab up local` or .* puts it back/,
      );
      assert.equal(stderr.trimEnd().split("\n").length, 1);
    }
    const { status, stdout } = await checkout.launch("status");
    assert.equal(status, 0);
    assert.match(stdout, /^L9 is up, .*$/m);
    assert.match(stdout, /^The state of local cannot be read/m);
    assert.match(
      (await checkout.launch("uninstall", "--yes")).stderr,
      /^Take these labs down first: .*local/m,
    );
    assert.equal(fs.readFileSync(inBackend(STATE), "utf8"), "{", "nothing was changed");
  });

  it("with a damaged copy names the newest whole copy of the history, and changes nothing", async () => {
    write(STATE, "{");
    write(`${STATE}.bak`, "{");
    write("history/encaplab/local/local-1795667048022725221.checkpoint.json", whole(TWIN));
    write("backups/encaplab/local/local.1795667049022725221.json", whole(MACHINES));
    write("backups/encaplab/local/local.1795667050022725221.json", "");
    for (const word of ["up", "down"]) {
      const { status, stderr } = await checkout.launch(word, "local");
      assert.equal(status, 1);
      assert.match(
        stderr,
        /whole copy is of 2026-\S+, .* `cp \S+local\.1795667049022725221\.json \S+local\.json` puts it back/,
      );
    }
    assert.deepEqual(checkout.calls(), []);
  });

  it("without any whole copy is forgotten by one command that the sentence names", async () => {
    write(STATE, "");
    const { status, stderr } = await checkout.launch("up", "local");
    assert.equal(status, 1);
    assert.match(stderr, /There is no whole copy of it: `rm \S+local\.json` forgets the lab/);
  });

  it("is not touched while an engine runs", async () => {
    write(STATE, "{");
    write(`${STATE}.bak`, whole(TWIN));
    checkout.lock("local", {
      pid: 1,
      username: "ann",
      hostname: "elsewhere",
      timestamp: "2026-01-02T03:04:05Z",
    });
    assert.match((await checkout.launch("up", "local")).stderr, /is locked by process 1 of ann on elsewhere/);
    assert.equal(fs.readFileSync(inBackend(STATE), "utf8"), "{");
  });

  it("may also be a lock, a checksum file or the backend's version that is empty: up goes on", async () => {
    checkout.deployed("local", { resources: checkout.livingTwin() });
    write(`${STATE}.attrs`, "");
    write("meta.yaml", "vers");
    write("locks/organization/encaplab/local/1.json", "");
    const { status, stderr } = await checkout.launch("up", "local");
    assert.equal(status, 0, stderr);
    assert.equal(fs.existsSync(inBackend(`${STATE}.attrs`)), false);
    assert.equal(fs.readFileSync(inBackend("meta.yaml"), "utf8"), "version: 1\n");
    assert.deepEqual(fs.readdirSync(inBackend("locks/organization/encaplab/local")), []);
  });

  for (const text of ["", "changes: [", "just text"])
    it(`is no reason for a stack trace where the lab's changes are: ${JSON.stringify(text)}`, async () => {
      const file = path.join(checkout.overlay("local"), "overlay.yaml");
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, text);
      const { status, stderr } = await checkout.launch("verdict", "local");
      assert.equal(status, 1);
      assert.match(
        stderr,
        /^What was changed for the lab local cannot be read: .*overlay\.yaml is damaged\. `rm [^\n]*\n$/,
      );
    });

  it("an error of the operating system is one sentence", async () => {
    fs.mkdirSync(path.join(checkout.overlay("local"), "overlay.yaml"), { recursive: true });
    const { status, stderr } = await checkout.launch("up", "local");
    assert.equal(status, 1);
    assert.match(stderr, /^EISDIR: [^\n]*\n$/);
  });
});
