// scripts/setup: which backend it chooses, the environment, the npm packages. See also system-packages.test.ts.
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { Machine } from "../support/machine";

describe("scripts/setup", () => {
  let machine: Machine;
  beforeEach(() => {
    machine = new Machine();
  });
  afterEach(() => machine.remove());

  const sourced = async (command: string, env: Record<string, string> = {}) => {
    const { status, stdout, stderr } = await machine.run(
      `set -euo pipefail; . scripts/setup; ${command}`,
      env,
    );
    return { status, stderr, out: stdout.trim() };
  };

  describe("the backend", () => {
    const loggedIn = (file: string, text: string) => (m: Machine) => void m.write(file, text);
    const current = '{\n  "current": "https://api.pulumi.com",\n  "accounts": {}\n}';
    const nothing = () => {};
    for (const [what, arrange, env, whose] of [
      ["nothing is set", nothing, {}, ""],
      [
        "the user has logged out",
        loggedIn(".pulumi/credentials.json", '{"current": "", "accounts": {}}'),
        {},
        "",
      ],
      ["the user is logged in", loggedIn(".pulumi/credentials.json", current), {}, "pulumi login"],
      [
        "PULUMI_HOME is logged in",
        loggedIn("ph/credentials.json", current),
        { PULUMI_HOME: "ph" },
        "pulumi login",
      ],
      [
        "another PULUMI_HOME is set",
        loggedIn(".pulumi/credentials.json", current),
        { PULUMI_HOME: "ph" },
        "",
      ],
      [
        "PULUMI_CREDENTIALS_PATH is logged in",
        loggedIn("cp/credentials.json", current),
        { PULUMI_CREDENTIALS_PATH: "cp", PULUMI_HOME: "ph" },
        "pulumi login",
      ],
      [
        "the credentials are encrypted",
        loggedIn(".pulumi/credentials.json", '{"$pulumiSecureStore": 1, "data": "xx"}'),
        {},
        "pulumi login",
      ],
      ["PULUMI_BACKEND_URL is set", nothing, { PULUMI_BACKEND_URL: "s3://theirs" }, "PULUMI_BACKEND_URL"],
      ["an access token is set", nothing, { PULUMI_ACCESS_TOKEN: "pul-1" }, "PULUMI_ACCESS_TOKEN"],
      ["the user's own service is set", nothing, { PULUMI_API: "https://pulumi.example" }, "PULUMI_API"],
      ["variables are set but empty", nothing, { PULUMI_BACKEND_URL: "", PULUMI_ACCESS_TOKEN: "" }, ""],
      [
        "Pulumi.yaml names a backend",
        loggedIn("checkout/Pulumi.yaml", "name: encaplab\nbackend:\n  url: gs://theirs\n"),
        {},
        "backend in Pulumi.yaml",
      ],
    ] as const) {
      it(`is ${whose === "" ? "the lab's own" : "the user's"} when ${what}`, async () => {
        arrange(machine);
        const absolute = Object.fromEntries(
          Object.entries(env).map(([k, v]) => [k, /^(ph|cp)$/.test(v) ? path.join(machine.dir, v) : v]),
        );
        const { out, stderr, status } = await sourced(
          'environment; echo "$' + "{PULUMI_BACKEND_URL-none}|$" + '{PULUMI_CONFIG_PASSPHRASE_FILE-none}"',
          absolute,
        );
        assert.equal(status, 0, stderr);
        if (whose === "") {
          const folder = path.join(machine.dir, ".local/state/encaplab/pulumi");
          const file = path.join(path.dirname(folder), "passphrase");
          assert.equal(out, `file://${folder}|${file}`);
          assert.equal(fs.statSync(file).mode & 0o777, 0o600);
          assert.equal(fs.statSync(folder).mode & 0o777, 0o700);
        } else {
          assert.match(stderr, new RegExp(`^state: in your own backend \\(${whose.replace(".", "\\.")}`));
          assert.equal(out, `${absolute.PULUMI_BACKEND_URL ?? "none"}|none`);
          assert.equal(fs.existsSync(path.join(machine.dir, ".local")), false);
        }
      });
    }

    it("keeps the user's own passphrase or passphrase file", async () => {
      const show = 'environment; echo "$' + '{PULUMI_CONFIG_PASSPHRASE-none}"';
      assert.equal((await sourced(show, { PULUMI_CONFIG_PASSPHRASE: "mine" })).out, "mine");
      assert.equal((await sourced(show, { PULUMI_CONFIG_PASSPHRASE_FILE: "/their/file" })).out, "none");
    });

    it("makes a passphrase once, keeps it, and takes an empty one for none", async () => {
      const show =
        'environment; echo "$' + '{PULUMI_CONFIG_PASSPHRASE-none}|$(<"$PULUMI_CONFIG_PASSPHRASE_FILE")"';
      const first = await sourced(show, { PULUMI_CONFIG_PASSPHRASE: "" });
      assert.match(first.out, /^none\|[\w+/]{43}=$/, first.stderr);
      assert.equal((await sourced(show)).out, first.out);
      const folder = path.join(machine.dir, ".local/state/encaplab");
      assert.deepEqual(fs.readdirSync(folder).sort(), ["passphrase", "pulumi"]);
      fs.writeFileSync(path.join(folder, "passphrase"), ""); // a full disk, or a killed run
      assert.match((await sourced(show)).out, /^none\|[\w+/]{43}=$/);
    });
  });

  describe("env", () => {
    it("prints lines that make plain pulumi work, and that you may evaluate twice", async () => {
      const home = path.join(machine.dir, "a home's blanks");
      fs.mkdirSync(home);
      const twice =
        'eval "$(scripts/setup env)"; eval "$(scripts/setup env)"; type -P pulumi; pulumi version; env';
      machine.upToDate();
      const { status, stdout, stderr } = await machine.run(`set -eu; ${twice}`, { HOME: home });
      assert.equal(status, 0, stderr);
      const [pulumi, version, ...env] = stdout.split("\n");
      assert.ok(pulumi?.startsWith(`${home}/.cache/encaplab/engine/`), pulumi);
      assert.match(version ?? "", /^v3\./);
      assert.ok(env.includes(`PULUMI_BACKEND_URL=file://${home}/.local/state/encaplab/pulumi`));
      assert.ok(env.includes("PULUMI_SKIP_UPDATE_CHECK=true"));
      assert.ok(env.includes(`PULUMI_CONFIG_PASSPHRASE_FILE=${home}/.local/state/encaplab/passphrase`));
      assert.ok(!env.some((line) => line.startsWith("PULUMI_CONFIG_PASSPHRASE=")));
      assert.equal(env.find((line) => line.startsWith("PATH="))?.split("/encaplab/engine/").length, 2);
    });

    it("prints nothing on stderr when everything is in place, unless ENCAPLAB_VERBOSE is 1", async () => {
      machine.upToDate();
      await machine.run("bash scripts/setup env"); // gets the engine
      const quiet = await machine.run("bash scripts/setup env", { ENCAPLAB_VERBOSE: "" });
      assert.doesNotMatch(quiet.stderr, /engine:|state:/);
      const verbose = await machine.run("bash scripts/setup env");
      assert.match(verbose.stderr, /^engine: pulumi v.*\(cached\)\nstate: \//);
      assert.equal(quiet.stdout, verbose.stdout);
    });

    it("keeps the user's own choice of update checks", async () => {
      const { out } = await sourced("environment; echo $PULUMI_SKIP_UPDATE_CHECK", {
        PULUMI_SKIP_UPDATE_CHECK: "false",
      });
      assert.equal(out, "false");
    });
  });

  describe("Node and its packages", () => {
    for (const [what, script, says] of [
      ["missing", undefined, /no node on PATH; install Node\.js 20/],
      ["too old", "#!/bin/sh\necho v18.20.4\n", /is Node\.js 18\.20\.4, but 20 or newer is needed/],
    ] as const) {
      it(`says so when Node is ${what}`, async () => {
        fs.rmSync(path.join(machine.bin, "node"));
        if (script) machine.write("bin/node", script, 0o755);
        const { status, stderr } = await sourced("node_and_packages");
        assert.equal(status, 1);
        assert.match(stderr, says);
      });
    }

    const npm = `#!/bin/sh\necho "$*" >>"$FAKE/npm.calls"; [ -z "$FAKE_NPM" ] || { echo "npm error: $FAKE_NPM"; exit 1; }
mkdir -p node_modules; cp "$FAKE/record" node_modules/.package-lock.json\n`;
    const lock = (version: string) =>
      JSON.stringify({
        packages: {
          "": { name: "encaplab" },
          "node_modules/a": { version, integrity: "sha512-a" },
          "node_modules/b-for-another-platform": { version: "1.0.0", optional: true },
        },
      });
    const record = (version: string) =>
      JSON.stringify({ packages: { "node_modules/a": { version, integrity: "sha512-a" } } });
    const calls = () => {
      const file = path.join(machine.dir, "npm.calls");
      return fs.existsSync(file) ? fs.readFileSync(file, "utf8").trim().split("\n").length : 0;
    };

    it("installs what is missing or out of date, and nothing else", async () => {
      machine.write("bin/npm", npm, 0o755);
      machine.write("checkout/package-lock.json", lock("1.0.0"));
      machine.write("record", record("1.0.0"));
      for (const [step, expected] of [
        [() => {}, 1],
        [() => {}, 1],
        // After `npm install` of a newer version, lock file and node_modules agree: `npm ci` is not needed.
        [() => machine.write("checkout/package-lock.json", lock("2.0.0")), 1],
        // After `git pull` of a newer lock file, they do not agree.
        [() => machine.write("checkout/package-lock.json", lock("3.0.0")), 2],
      ] as const) {
        step();
        machine.write("record", record(expected === 2 ? "3.0.0" : "2.0.0"));
        if (calls() === 1) machine.write("checkout/node_modules/.package-lock.json", record("2.0.0"));
        const { status, stderr } = await sourced("node_and_packages");
        assert.equal(status, 0, stderr);
        assert.equal(calls(), expected);
      }
    });

    it("shows npm's own message when it fails, and tries again the next time", async () => {
      machine.write("bin/npm", npm, 0o755);
      machine.write("checkout/package-lock.json", lock("1.0.0"));
      machine.write("record", record("1.0.0"));
      const { status, stderr } = await sourced("node_and_packages", { FAKE_NPM: "no route" });
      assert.equal(status, 1);
      assert.match(stderr, /npm error: no route\n.*fix the cause above/);
      assert.equal((await sourced("node_and_packages")).status, 0);
    });

    it("says that there is no network, and which host cannot be reached, when npm cannot reach its registry", async () => {
      machine.write("bin/npm", npm, 0o755);
      machine.write("checkout/package-lock.json", lock("1.0.0"));
      const said =
        "request to https://ann:secret@npm.example/a failed, reason: getaddrinfo ENOTFOUND npm.example";
      const { status, stderr } = await sourced("node_and_packages", { FAKE_NPM: said });
      assert.equal(status, 1);
      assert.match(stderr, /no network: npm\.example cannot be reached\n/);
      assert.doesNotMatch(stderr, /secret/);
    });
  });
});
