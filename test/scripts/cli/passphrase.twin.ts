// The passphrase of our own backend with the real engine: a stack with an empty one gets another, and keeps its secrets.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { opens } from "../../../scripts/cli/passphrase";
import { CliCheckout } from "../../support/cli-checkout";
import { engineFolder } from "../../support/engine";
import { ENGINE_SETTINGS } from "../../support/engine-environment";

/** How the engine marks a secret that is not encrypted yet. */
const secret = (value: string) => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  plaintext: JSON.stringify(value),
});

describe("the passphrase of a stack's secrets", function () {
  this.timeout(120_000);
  let checkout: CliCheckout;
  before(() => {
    checkout = new CliCheckout();
    checkout.env.PATH = `${engineFolder()}:${checkout.env.PATH}`;
    fs.mkdirSync(checkout.state, { recursive: true });
  });
  after(() => checkout.remove());

  const pulumi = (env: NodeJS.ProcessEnv, argv: string[], input = "") =>
    execFileSync("pulumi", argv, {
      cwd: checkout.folder,
      env: { ...checkout.env, ...ENGINE_SETTINGS, ...env },
      encoding: "utf8",
      input,
      stdio: ["pipe", "pipe", "pipe"],
    });
  const EMPTY = { PULUMI_CONFIG_PASSPHRASE: "" };
  const passphraseFile = () => path.join(checkout.stateHome, "encaplab/passphrase");
  const saltIn = (stack: string) =>
    JSON.parse(fs.readFileSync(path.join(checkout.state, `.pulumi/stacks/encaplab/${stack}.json`), "utf8"))
      .checkpoint.latest.secrets_providers.state.salt as string;

  /** A stack as version 0.2 left it, with a kubeconfig in its state. */
  function makeOld(stack: string): void {
    pulumi(EMPTY, ["stack", "init", stack, "--no-select"]);
    const state = JSON.parse(pulumi(EMPTY, ["stack", "export", "--stack", stack]));
    const urn = (type: string, name: string) => `urn:pulumi:${stack}::encaplab::${type}::${name}`;
    const top = urn("pulumi:pulumi:Stack", `encaplab-${stack}`);
    const provider = urn("pulumi:providers:command", "default_1_2_1");
    state.deployment.resources = [
      { urn: top, type: "pulumi:pulumi:Stack", custom: false },
      { urn: provider, type: "pulumi:providers:command", custom: true, id: "p", inputs: {}, outputs: {} },
      {
        urn: urn("pulumi:pulumi:Stack$command:remote:Command", "kubeconfig-cp1"),
        type: "command:remote:Command",
        custom: true,
        id: "1",
        parent: top,
        provider: `${provider}::p`,
        inputs: {},
        outputs: { stdout: secret("kind: Config") },
      },
    ];
    pulumi(EMPTY, ["stack", "import", "--stack", stack], JSON.stringify(state));
  }

  it("was empty: the next command that needs them makes a passphrase, encrypts them with it, and says so once", async () => {
    makeOld("old");
    assert.ok(opens("", saltIn("old")));
    for (const round of [1, 2]) {
      const { status, stdout, stderr } = await checkout.lab("kubeconfig", "old");
      assert.deepEqual([status, stdout], [0, "kind: Config\n"], stderr);
      assert.equal(/had an empty passphrase; they are encrypted with/.test(stderr), round === 1, stderr);
    }
    assert.equal(fs.statSync(passphraseFile()).mode & 0o777, 0o600);
    const phrase = fs.readFileSync(passphraseFile(), "utf8").trim();
    assert.ok(phrase.length >= 43);
    assert.equal(opens("", saltIn("old")), false);
    assert.ok(opens(phrase, saltIn("old")));
  });

  it("also of secrets in the stack's file, whose comments stay", async () => {
    const file = "stacks/Pulumi.theirs.yaml";
    checkout.write(file, "# mine\nconfig:\n  encaplab:cloud: twin\n");
    makeOld("theirs");
    pulumi(EMPTY, ["config", "set", "--secret", "--stack", "theirs", "aws:token", "hush"]);
    const before = parse(checkout.read(file));
    const { status, stderr } = await checkout.lab("kubeconfig", "theirs");
    assert.equal(status, 0, stderr);
    assert.match(stderr, /So are those in stacks\/Pulumi\.theirs\.yaml/);
    assert.notEqual(parse(checkout.read(file)).encryptionsalt, before.encryptionsalt);
    assert.match(checkout.read(file), /^# mine$/m);
    const ours = { PULUMI_CONFIG_PASSPHRASE: undefined, PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile() };
    assert.equal(pulumi(ours, ["config", "get", "--stack", "theirs", "aws:token"]).trim(), "hush");
    assert.throws(() => pulumi(EMPTY, ["config", "get", "--stack", "theirs", "aws:token"]));
  });

  describe("when the run that changes it is killed", () => {
    /** A \`pulumi\` that is killed, with the command that runs it, while it changes a passphrase. */
    const killed = (moment: string) => `#!/usr/bin/env bash
if [[ "$*" != *change-secrets-provider* ]]; then exec "$REAL" "$@"; fi
state=$(ls "$STATE"/.pulumi/stacks/encaplab/"${"${*: -2:1}"}".json)
cp "$state" "$state.before"
"$REAL" "$@"
${moment}
kill -KILL "$PPID" $$
`;
    const BEFORE = ["before the engine writes the state", 'mv "$state.before" "$state"'] as const;
    const AFTER = ["after it", ""] as const;
    for (const [stack, [when, moment], inFile] of [
      ["killed-before", BEFORE, true],
      ["killed-after", AFTER, true],
      ["killed-bare", AFTER, false],
    ] as const)
      it(`${when}, the next command finishes it, ${inFile ? "and the secrets in the stack's file fit" : "without any in the stack's file"}`, async () => {
        const file = `stacks/Pulumi.${stack}.yaml`;
        checkout.write(file, "# mine\nconfig:\n  encaplab:cloud: twin\n");
        makeOld(stack);
        if (inFile)
          pulumi(EMPTY, ["config", "set", "--secret", "--stack", stack, "--path", "aws:keys.token", "hush"]);
        else checkout.write(file, checkout.read(file).replace(/^encryptionsalt:.*\n/m, ""));
        const before = checkout.read(file);

        checkout.write("killing/pulumi", killed(moment));
        fs.chmodSync(path.join(checkout.folder, "killing/pulumi"), 0o755);
        const { PATH } = checkout.env;
        Object.assign(checkout.env, {
          PATH: `${path.join(checkout.folder, "killing")}:${PATH}`,
          REAL: path.join(engineFolder(), "pulumi"),
          STATE: checkout.state,
        });
        assert.notEqual((await checkout.lab("kubeconfig", stack)).status, 0);
        assert.equal(checkout.read(file), before);
        checkout.env.PATH = PATH;

        const { status, stdout, stderr } = await checkout.lab("kubeconfig", stack);
        assert.deepEqual([status, stdout], [0, "kind: Config\n"], stderr);
        assert.match(stderr, /had an empty passphrase; they are encrypted with/);
        const phrase = fs.readFileSync(passphraseFile(), "utf8").trim();
        assert.ok(opens(phrase, saltIn(stack)));
        assert.match(checkout.read(file), /^# mine$/m);
        const ours = {
          PULUMI_CONFIG_PASSPHRASE: undefined,
          PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile(),
        };
        if (inFile)
          assert.match(pulumi(ours, ["config", "get", "--stack", stack, "--path", "aws:keys.token"]), /hush/);
      });
  });

  it("is the user's own where there is one, also for a stack with an empty one", async () => {
    makeOld("own");
    checkout.env.PULUMI_CONFIG_PASSPHRASE = "my own words";
    try {
      const { status, stderr } = await checkout.lab("kubeconfig", "own");
      assert.equal(status, 0, stderr);
      assert.match(stderr, /encrypted with your passphrase now/);
      assert.ok(opens("my own words", saltIn("own")));
    } finally {
      delete checkout.env.PULUMI_CONFIG_PASSPHRASE;
    }
  });

  it("lets plain pulumi go on after `scripts/lab env`, also in a shell that still has the empty one", async () => {
    checkout.env.PULUMI_CONFIG_PASSPHRASE = "";
    try {
      const line =
        'eval "$(scripts/lab env)"; pulumi stack output -s old; pulumi -s theirs config get aws:token';
      const { status, stdout, stderr } = await checkout.start("bash", ["-ec", line]);
      assert.equal(status, 0, stderr);
      assert.match(stdout, /^hush$/m);
    } finally {
      delete checkout.env.PULUMI_CONFIG_PASSPHRASE;
    }
  });
});
