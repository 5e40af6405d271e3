// scripts/node/preamble.sh and how steps are composed, tested with small steps.
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { type StepName, stepScript } from "../../../components/cluster/steps";
import { type RunOptions, Sandbox, type Values } from "../../support/node-sandbox";

const SCRIPTS = path.resolve(__dirname, "../../../scripts/node");
const read = (file: string) => fs.readFileSync(path.join(SCRIPTS, file), "utf8");

describe("preamble.sh", () => {
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = new Sandbox();
  });
  afterEach(() => sandbox.remove());
  const run = (body: string, values: Values = {}, options: RunOptions = {}) =>
    sandbox.run({ body }, values, options);

  it("keeps standard output for the result, and sends what commands print to standard error", async () => {
    const ran = await run("create() { echo chatter; say progress; result the result; }");
    assert.deepEqual(ran, { status: 0, stdout: "the result\n", stderr: "chatter\nprogress\n" });
  });

  it("keeps a command that reads standard input from reading the rest of the script", async () => {
    const ran = await run('create() { cat; head -c 10; result "all of it"; }');
    assert.equal(ran.stdout, "all of it\n", ran.stderr);
  });

  it("passes values unchanged: quotes, newlines, dollars, backslashes", async () => {
    const value = 'it\'s\ntwo $HOME `lines` \\n "quoted"';
    const ran = await run('create() { result "$VALUE"; }', { VALUE: value });
    assert.equal(ran.stdout, `${value}\n`, ran.stderr);
  });

  it("runs create for update, delete if the step has one, and rejects any other action", async () => {
    const body = "create() { result made; }\ndelete() { result gone; }";
    assert.equal((await run(body, {}, { action: "update" })).stdout, "made\n");
    assert.equal((await run(body, {}, { action: "delete" })).stdout, "gone\n");
    const without = await run("create() { result made; }", {}, { action: "delete" });
    assert.deepEqual([without.status, without.stdout], [0, ""]);
    const wrong = await run(body, {}, { action: "destroy" });
    assert.equal(wrong.status, 1);
    assert.match(wrong.stderr, /create, update, delete or look, not 'destroy'/);
  });

  it("prints the failed command once, without the values of its variables", async () => {
    const ran = await run('step() { ls "/nowhere/$TOKEN" 2>/dev/null; }\ncreate() { step; say "too far"; }', {
      TOKEN: "abcdef.0123456789abcdef",
    });
    assert.notEqual(ran.status, 0);
    assert.match(ran.stderr, /^failed in step \(exit 2\): ls "\/nowhere\/\$TOKEN"/m);
    assert.equal(ran.stderr.match(/^failed/gm)?.length, 1);
    assert.doesNotMatch(ran.stderr, /0123456789abcdef|too far/);
  });

  it("names a value that was not sent, and accepts an empty value", async () => {
    const body = "create() { need NODE_NAME HOSTS; result fine; }";
    assert.equal((await run(body, { NODE_NAME: "w1", HOSTS: "" })).stdout, "fine\n");
    const ran = await run(body, { NODE_NAME: "w1" });
    assert.equal(ran.status, 1);
    assert.match(ran.stderr, /the value HOSTS was not sent/);
  });

  it("names the missing value, for every step", async () => {
    const steps: StepName[] = ["prepare", "init", "token", "join", "remove", "reset"];
    for (const step of [
      ...steps,
      "kubeconfig",
      "pod-network",
      "routes",
      "calico",
      "blocks",
      "reflectors",
    ] as StepName[]) {
      const ran = await sandbox.run(step, {});
      assert.equal(ran.status, 1, step);
      assert.match(ran.stderr, /^the value [A-Z_]+ was not sent with this step$/m, step);
      assert.equal(ran.stdout, "", step);
    }
  });

  describe("wait_for", () => {
    it("returns as soon as the command succeeds, and says what it is waiting for", async () => {
      const body = `tries() { echo x >>"$RUN/tries"; [ "$(wc -l <"$RUN/tries")" -ge 8 ]; }
        create() { wait_for 60 "the eighth try" tries; result "$(wc -l <"$RUN/tries")"; }`;
      const ran = await run(body);
      assert.equal(ran.stdout, "8\n", ran.stderr);
      assert.match(ran.stderr, /waiting for the eighth try \(\d+ s of at most 60\)/);
    });

    it("fails at its limit, and says what it waited for and the last answer", async () => {
      const ran = await run('create() { wait_for 1 "the moon" ls /nowhere || die "no moon"; }');
      assert.equal(ran.status, 1);
      assert.match(
        ran.stderr,
        /gave up waiting for the moon after \d s\. Last answer: ls: .*\/nowhere.*\nno moon\n$/,
      );
    });
  });

  describe("attend", () => {
    it("prints only the notes of a command that succeeds", async () => {
      const ran = await run('create() { attend "working" eval "echo chatter; echo note: mind this"; }');
      assert.equal(ran.stderr, "working\nnote: mind this\n");
      assert.equal(ran.status, 0);
    });

    it("prints the last lines of a command that fails, and ends the step", async () => {
      const ran = await run(
        'long() { seq 100; false; }\ncreate() { attend "counting" long; say "too far"; }',
      );
      assert.notEqual(ran.status, 0);
      assert.match(ran.stderr, /^counting\n77\n78\n[\s\S]*\n100\n/);
      assert.match(ran.stderr, /\nfailed \(exit 1\): counting\n$/);
      assert.doesNotMatch(ran.stderr, /too far|^76$|return/m);
    });
  });

  it("allows one run at a time on a machine: a second run waits for what a killed run left at work", async () => {
    const body = `work() { : >"$RUN/started"; until [ -e "$RUN/gate" ]; do sleep 0.1; done; echo first >>"$RUN/order"; }
      create() {
        setsid bash -c "$(declare -f work); RUN=$RUN; work" >/dev/null 2>&1 3>&- &
        wait_for 10 "it" test -e "$RUN/started"
        say begun
        wait
      }`;
    await run(body, {}, { killAt: /begun/ });
    const ran = await run(
      'create() { echo second >>"$RUN/order"; result "$(cat "$RUN/order")"; }',
      {},
      {
        listen: (said) => {
          if (/an earlier run is still at work/.test(said)) sandbox.write("run/encaplab/gate", "");
        },
      },
    );
    assert.equal(ran.stdout, "first\nsecond\n", ran.stderr);
  });

  describe("own", () => {
    const body = `create() { own /etc/app/one.conf applied <<<"new"; own /etc/hosts : <<<"theirs"; }
      applied() { echo applied >>"$STATE/log"; [ -z "\${FAIL:-}" ] || false; }`;

    it("writes, applies and records a file once, and does nothing the second time", async () => {
      for (const _ of [1, 2]) assert.equal((await run(body)).status, 0);
      assert.equal(sandbox.read("etc/app/one.conf"), "new\n");
      assert.equal(sandbox.read("var/lib/encaplab/log"), "applied\n");
      assert.equal(sandbox.read("var/lib/encaplab/made"), "/etc/app\n/etc/app/one.conf\n");
      assert.equal(sandbox.read("var/lib/encaplab/before/etc/hosts"), "127.0.0.1 localhost\n");
    });

    it("applies again a file that was written but not applied", async () => {
      assert.notEqual((await run(body, { FAIL: "yes" })).status, 0);
      assert.equal((await run(body)).status, 0);
      assert.equal((await run(body)).status, 0);
      assert.equal(sandbox.read("var/lib/encaplab/log"), "applied\napplied\n");
    });

    it("saves the file from before the first write, not from before the last", async () => {
      await run('create() { own /etc/hosts : <<<"one"; }');
      await run('create() { own /etc/hosts : <<<"two"; }');
      assert.equal(sandbox.read("etc/hosts"), "two\n");
      assert.equal(sandbox.read("var/lib/encaplab/before/etc/hosts"), "127.0.0.1 localhost\n");
    });
  });

  // Such a failure would be hidden: the function would run with an empty argument.
  it("no step passes a command's output directly as a function's argument", () => {
    const texts = fs.readdirSync(SCRIPTS).map((file) => [file, read(file)] as const);
    const functions = texts.flatMap(([, text]) =>
      [...text.matchAll(/^(\w+)\(\) /gm)].map(([, name]) => name),
    );
    // say and die may: there only the text of the message depends on the command.
    const names = functions.filter((name) => name !== "say" && name !== "die").join("|");
    const call = new RegExp(
      `(?:^|[;&|!{()]|\\b(?:then|do|else|if|until|while))\\s*(?:${names})\\s[^;|&#<]*\\$\\(`,
    );
    const found = texts.flatMap(([file, text]) =>
      text
        .replaceAll("\\\n", " ")
        .split("\n")
        .filter((line) => call.test(line.replaceAll("$((", "")))
        .map((line) => `${file}: ${line.trim()}`),
    );
    assert.deepEqual(found, []);
  });

  it("all files can be joined: each starts with the same line and ends with a newline", () => {
    for (const file of fs.readdirSync(SCRIPTS)) {
      const text = read(file);
      assert.ok(text.startsWith("# shellcheck shell=bash\n") && text.endsWith("\n"), file);
    }
    const script = stepScript("init", { A: "b" });
    assert.match(script, /\nA='b'\n[\s\S]*\ncreate\(\)[\s\S]*\nmain "\$@" <\/dev\/null\n$/);
  });
});
