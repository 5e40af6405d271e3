// What goes wrong around a command is one sentence, with the way out.
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { CliCheckout } from "../../support/cli-checkout";
import { REPOSITORY } from "../../support/repository";

describe("one sentence", function () {
  this.timeout(60_000);
  let checkout: CliCheckout;
  beforeEach(() => {
    checkout = new CliCheckout().withStandIn();
  });
  afterEach(() => checkout.remove());

  for (const name of ["a b", "", "a;b", "../../etc", "ü", "x".repeat(101)])
    for (const word of name === "a b" ? ["down", "up", "status", "verdict", "leftovers"] : ["down"])
      it(`refuses the name ${JSON.stringify(name.slice(0, 9))} with exit code 2: ${word}`, async () => {
        const { status, stdout, stderr } = await checkout.launch(word, name);
        assert.deepEqual([status, stdout], [2, ""]);
        assert.match(stderr, /^"[^\n]*" cannot be the name of a stack: it must be letters[^\n]*\n$/);
        assert.deepEqual(checkout.calls(), []);
      });

  it("tells a first up beside another first up to wait", async () => {
    const engine = path.join(checkout.root, "bin/pulumi");
    const late = `if [[ "$1 $2" == "stack init" ]]; then echo "error: stack 'organization/encaplab/local' already exists" >&2; exit 255; fi\n`;
    fs.writeFileSync(
      engine,
      fs.readFileSync(engine, "utf8").replace("\n", () => `\n${late}`),
    );
    const { status, stderr } = await checkout.launch("up", "local");
    assert.equal(status, 1);
    assert.match(stderr, /^Another run has just made the stack local: wait until it ends, and run [^\n]*\n$/);
  });

  it("tells an up that finds the stack locked by the engine who is at it, or to try again", async () => {
    checkout.deployed("local", {});
    const engine = path.join(checkout.root, "bin/pulumi");
    const locked =
      'if [[ $1 == up ]]; then printf "error: the stack is currently locked by 1 lock(s). Either wait\\nerror:   file:///x/1.json: created by a@b\\n" >&2; [[ ! -e $FAKE/lock ]] || cp "$FAKE/lock" "$(mkdir -p "$state/locks/organization/encaplab/local"; echo "$_")"; exit 255; fi\n';
    fs.writeFileSync(
      engine,
      fs.readFileSync(engine, "utf8").replace('case "$1 $2"', () => `${locked}case "$1 $2"`),
    );
    const gone = await checkout.launch("up", "local");
    assert.equal(gone.status, 1);
    assert.match(gone.stderr, /^Another run had locked stack local at that moment: run [^\n]*\n$/);
  });

  it("names a package that is missing from node_modules, and how to install it", async () => {
    fs.rmSync(path.join(checkout.folder, "node_modules"));
    fs.mkdirSync(path.join(checkout.folder, "node_modules"));
    const whole = path.join(REPOSITORY, "node_modules");
    for (const name of fs.readdirSync(whole).filter((one) => one !== "commander" && one !== "esbuild"))
      fs.symlinkSync(path.join(whole, name), path.join(checkout.folder, "node_modules", name));
    const missing = await checkout.launch("verdict", "local");
    assert.equal(missing.status, 1);
    assert.match(
      missing.stderr,
      /^The npm package commander is missing or incomplete: \(cd \S+ && npm ci\) [^\n]*\n$/,
    );
    fs.rmSync(path.join(checkout.folder, "node_modules/tsx"));
    const none = await checkout.launch("verdict", "local");
    assert.match(none.stderr, /^The npm package tsx\S* is missing or incomplete: [^\n]*\n$/);
  });
});

describe("one sentence of the set-up", function () {
  this.timeout(60_000);
  let checkout: CliCheckout;
  before(() => {
    checkout = new CliCheckout();
  });
  after(() => checkout.remove());

  for (const [what, env, says] of [
    ["HOME is not set", { HOME: undefined }, /^setup: HOME is not set: type export HOME=FOLDER [^\n]*\n$/],
    ["HOME is empty", { HOME: "" }, /^setup: HOME is not set: [^\n]*\n$/],
    ["HOME is relative", { HOME: "here" }, /^setup: HOME is here: type export HOME=FOLDER [^\n]*\n$/],
    [
      "XDG_STATE_HOME is relative",
      { XDG_STATE_HOME: "st" },
      /^setup: XDG_STATE_HOME is st: it must be an absolute/,
    ],
  ] as const)
    it(`says that ${what}, before anything is made`, async () => {
      const before = { ...checkout.env };
      Object.assign(checkout.env, env);
      for (const [name, value] of Object.entries(env)) if (value === undefined) delete checkout.env[name];
      const names = fs.readdirSync(checkout.folder);
      try {
        for (const words of [["status"], ["env"]]) {
          const { status, stdout, stderr } = await checkout.lab(...words);
          assert.deepEqual([status, stdout], [1, ""]);
          assert.match(stderr, says);
        }
      } finally {
        Object.assign(checkout.env, before);
      }
      assert.deepEqual(fs.readdirSync(checkout.folder), names);
    });
});
