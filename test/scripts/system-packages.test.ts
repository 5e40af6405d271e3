/** scripts/setup need and check: what is missing, the consent, the installation without services, and the record of it. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { Machine, repository } from "../support/machine";
import { skip } from "../support/skip";

const asRoot = process.getuid?.() === 0;
const sudo = asRoot ? "" : "sudo ";

/** An apt-get that installs a package by making the command `bird-x`, and fails as $APT says. */
const APT = `#!/usr/bin/env bash
echo "$*" >>"$FAKE/apt.calls"
case "$APT \${*: -1}" in
  "offline "*)
    echo "Err:1 http://deb.example/debian bookworm InRelease"
    echo "  Temporary failure resolving 'deb.example'"
    exit 100 ;;
  "killed "*) [[ $* == *" update"* ]] || kill -KILL "$PPID" ;;
esac
if [[ $* == *" install "* ]]; then printf '#!/bin/sh\\n' >"$FAKE/bin/bird-x"; chmod +x "$FAKE/bin/bird-x"; fi
`;
const APT_CONFIG = `#!/bin/sh\n[ "$APT" = old ] || echo 'DPkg::Path "/usr/sbin:/usr/bin:/sbin:/bin";'\n`;

describe("system packages", () => {
  let machine: Machine;
  beforeEach(() => {
    machine = new Machine();
    // The real table would find this machine's own tools: sbin is always on the script's PATH.
    const file = path.join(machine.checkout, "scripts/system-packages/tools.sh");
    const table = "twin bird-x bird2 bird\ntwin sh dash dash\nlint check-x shellcheck ShellCheck\n";
    const text = fs.readFileSync(file, "utf8");
    fs.writeFileSync(file, text.replace(/(<<'TABLE'\n)[\s\S]*?(TABLE\n)/, `$1${table}$2`));
  });
  afterEach(() => machine.remove());

  const withApt = () => {
    machine.write("bin/apt-get", APT, 0o755);
    machine.write("bin/apt-config", APT_CONFIG, 0o755);
    machine.write("bin/sudo", '#!/bin/sh\n[ "$1" != -n ] || shift\nexec "$@"\n', 0o755);
  };
  const setup = (words: string, env: Record<string, string> = {}) =>
    machine.run(`bash scripts/setup ${words} </dev/null`, env);
  const calls = () => {
    const file = path.join(machine.dir, "apt.calls");
    return fs.existsSync(file) ? fs.readFileSync(file, "utf8").trim().split("\n") : [];
  };
  const record = () => path.join(machine.dir, ".local/state/encaplab/system-packages");

  describe("need", () => {
    it("says nothing about tools that are installed", async () => {
      withApt();
      machine.write("bin/bird-x", "", 0o755);
      assert.deepEqual(await setup("need twin"), { status: 0, stdout: "", stderr: "" });
      assert.deepEqual(calls(), []);
    });

    it("installs nothing without consent, and says what is missing, how to install it and how to agree", async () => {
      withApt();
      const { status, stderr } = await setup("need twin");
      assert.equal(status, 1);
      assert.equal(
        stderr,
        "setup: these system packages are missing for twin: bird2\n" +
          `setup: nothing was installed. By hand: ${sudo}systemctl mask bird; ${sudo}apt-get install --no-install-recommends bird2\n` +
          `setup: to have it done for you, set ENCAPLAB_YES=1 or run: bash ${machine.checkout}/scripts/setup need twin --yes\n`,
      );
      assert.deepEqual(calls(), []);
      assert.equal(fs.existsSync(record()), false);
    });

    for (const [how, words, env] of [
      ["--yes", "need twin --yes", {}],
      ["ENCAPLAB_YES=1", "need twin", { ENCAPLAB_YES: "1" }],
      ["CI=true", "need twin", { CI: "true" }],
    ] as const) {
      it(`installs with ${how}, and records what it installed`, async () => {
        withApt();
        const { status, stderr } = await setup(words, env);
        assert.equal(status, 0, stderr);
        assert.match(calls().at(-1) ?? "", / --assume-yes install --no-install-recommends bird2$/);
        assert.equal(fs.readFileSync(record(), "utf8"), "bird2\n");
      });
    }

    for (const [answer, installs] of [
      ["y", true],
      ["n", false],
      ["", false],
    ] as const) {
      it(`asks on a terminal, and ${installs ? "installs" : "installs nothing"} when the answer is "${answer}"`, async () => {
        withApt();
        const script = execFileSync("bash", ["-c", "type -P script"], { encoding: "utf8" }).trim();
        const { stdout } = await machine.run(
          `echo '${answer}' | ${script} -qec 'bash scripts/setup need twin; echo status $?' /dev/null`,
        );
        assert.match(stdout, /missing for twin: bird2\r\n[\s\S]*Install them now\? \[y\/N\] /);
        assert.match(stdout, installs ? /status 0/ : /status 1/);
        assert.equal(calls().length > 0, installs);
      });
    }

    it("says only what to install where there is no package manager", async () => {
      const { status, stderr } = await setup("need twin --yes");
      assert.equal(status, 1);
      assert.match(stderr, /^setup: install them: .*apt-get install --no-install-recommends bird2$/m);
    });

    it("uses dnf where dnf is the package manager", async () => {
      machine.write("bin/sudo", '#!/bin/sh\n[ "$1" != -n ] || shift\nexec "$@"\n', 0o755);
      machine.write("bin/dnf", '#!/bin/sh\necho "$*" >>"$FAKE/apt.calls"\n', 0o755);
      assert.match((await setup("need lint")).stderr, new RegExp(`By hand: ${sudo}dnf install ShellCheck\n`));
      assert.equal((await setup("need lint --yes")).status, 0);
      assert.deepEqual(calls(), ["--assumeyes --setopt=install_weak_deps=False install ShellCheck"]);
    });

    it("says that there is no network, and which host cannot be reached", async () => {
      withApt();
      const { status, stderr } = await setup("need twin --yes", { APT: "offline" });
      assert.equal(status, 1);
      assert.match(stderr, /installing bird2: no network: deb\.example cannot be reached\n/);
      assert.doesNotMatch(stderr, /last lines/);
    });

    it("installs nothing when it cannot keep the package's service from starting", async () => {
      withApt();
      const { status, stderr } = await setup("need twin --yes", { APT: "old" });
      assert.equal(status, 1);
      assert.match(stderr, /cannot keep the packages' services from starting here; install them by hand:/);
      assert.deepEqual(calls(), []);
    });

    it("looks for a file by its path, and does not mistake a file in the current folder for a command", async () => {
      machine.write("check-x", "not a command");
      const there = path.join(machine.dir, "check-x");
      const { stderr } = await machine.run(
        `set -euo pipefail; . scripts/setup; cd ${machine.dir}
         tools() { echo "k ${there} a a"; echo "k /no/keyring.gpg b b"; echo "k check-x c c"; }; need k`,
      );
      assert.match(stderr, /--no-install-recommends b c\n$/);
    });

    it("refuses a group it does not know", async () => {
      const { status, stderr } = await setup("need twins");
      assert.equal(status, 1);
      assert.match(stderr, /no group of tools is called 'twins'; there are: twin lint\n/);
    });
  });

  it("check installs nothing even with consent, and names the command that does", async () => {
    withApt();
    const { status, stderr } = await setup("check twin", { ENCAPLAB_YES: "1", CI: "true" });
    assert.equal(status, 1);
    assert.match(stderr, /^setup: install them: bash .*\/scripts\/setup need twin$/m);
    assert.deepEqual(calls(), []);
  });

  it("records a package before apt starts, so that a killed installation is known", async () => {
    withApt();
    await setup("need twin --yes", { APT: "killed" });
    assert.equal(fs.readFileSync(record(), "utf8"), "bird2\n");
  });

  it("prepare refuses what it does not know", async () => {
    const { status, stderr } = await setup("prepare lint");
    assert.equal(status, 1);
    assert.match(
      stderr,
      /cannot prepare 'lint'; it must be twin, machine, ipsec, containers, router or tenants/,
    );
  });
});

describe("the installation of a Debian package with a service", function () {
  this.timeout(60_000);
  /** As Debian's debhelper writes it for a package with a service (bird2's own, shortened). */
  const POSTINST = `#!/bin/sh
set -e
update-rc.d bird defaults >/dev/null
if [ -n "$2" ]; then action=restart; else action=start; fi
invoke-rc.d --skip-systemd-native bird $action
deb-systemd-helper unmask bird.service >/dev/null || true
if deb-systemd-helper --quiet was-enabled bird.service; then deb-systemd-helper enable bird.service
else deb-systemd-helper update-state bird.service; fi
deb-systemd-invoke $action bird.service
`;
  let machine: Machine;

  before(function () {
    if (!asRoot || spawnSync("dpkg-deb", ["--version"]).status !== 0)
      skip(this, "dpkg installs only as root");
    machine = new Machine();
    // The real tools, as far as this package calls them: they only write down what they are asked.
    for (const tool of ["invoke-rc.d", "update-rc.d", "deb-systemd-helper", "deb-systemd-invoke"])
      machine.write(`real/${tool}`, `#!/bin/sh\necho "${tool} $*" >>"${machine.dir}/asked"\n`, 0o755);
    for (const folder of ["root/var/lib/dpkg/updates", "root/var/lib/dpkg/info"])
      fs.mkdirSync(path.join(machine.dir, folder), { recursive: true });
    machine.write("root/var/lib/dpkg/status", "");
  });
  after(() => machine?.remove());

  /** Installs a version of the package with the real dpkg, into a folder; returns what the real tools were asked. */
  const install = (version: string, shims: boolean): string[] => {
    machine.write(
      "package/DEBIAN/control",
      `Package: bird2\nVersion: ${version}\nArchitecture: all\nMaintainer: encaplab <a@b.example>\nDescription: a test\n`,
    );
    machine.write("package/DEBIAN/postinst", POSTINST, 0o755);
    const deb = path.join(machine.dir, "bird2.deb");
    execFileSync("dpkg-deb", ["--build", "--root-owner-group", path.join(machine.dir, "package"), deb]);
    fs.rmSync(path.join(machine.dir, "asked"), { force: true });
    const folders = [
      ...(shims ? [path.join(repository, "scripts/system-packages/no-services")] : []),
      path.join(machine.dir, "real"),
      "/usr/sbin:/usr/bin:/sbin:/bin",
    ];
    const options = [`--root=${path.join(machine.dir, "root")}`, "--force-script-chrootless"];
    execFileSync("dpkg", [...options, "--install", deb], { env: { PATH: folders.join(":") }, stdio: "pipe" });
    return fs.readFileSync(path.join(machine.dir, "asked"), "utf8").trim().split("\n");
  };

  it("neither starts nor enables the service the first time", () => {
    assert.deepEqual(install("1", true), [
      "update-rc.d bird defaults-disabled",
      "deb-systemd-helper unmask bird.service",
      "deb-systemd-helper update-state bird.service",
    ]);
  });

  it("changes nothing of an upgrade, whose service may be the user's own", () => {
    assert.deepEqual(install("2", true), install("3", false));
    assert.match(fs.readFileSync(path.join(machine.dir, "asked"), "utf8"), /deb-systemd-invoke restart bird/);
  });
});
