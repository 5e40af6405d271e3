// A machine for one test: a checkout, a HOME, a PATH with exactly what the scripts call, and stand-ins for `go`,
// `pulumi` and the download.
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { pathToFileURL } from "node:url";

export const repository = path.resolve(__dirname, "../..");
export const pin = /pulumi\/pkg\/v3 v([\d.]+)/.exec(
  fs.readFileSync(path.join(repository, "scripts/engine/go.mod"), "utf8"),
)?.[1];
export const minimum: string = require(path.join(repository, "package.json")).dependencies["@pulumi/pulumi"];

// What the scripts call. PATH has exactly these, so that the scripts do not find this machine's own `go` or `pulumi`.
const commands =
  "bash sh node cat sed grep sort head tail wc tr cut uniq paste mktemp mkdir mv rm chmod install dirname";
const more = "readlink cksum sha256sum flock timeout sleep cp env date touch";

const fakePulumi = (version: string) => `#!/bin/sh\necho v${version}\n`;

// A `go` that compiles at once, or only when the file `gate` is there if $FAKE_GO is "slow".
const fakeGo = `#!/usr/bin/env bash
echo "$*" >>"$FAKE/go.calls"
away='Get "https://proxy.example/x": dial tcp: lookup proxy.example: no such host'
case "$FAKE_GO $1 $2" in
  "no-toolchain env GOVERSION") echo "go: download go1.99: $away" >&2; exit 1 ;;
  "unreachable list "*) [[ $* == *" -m "* ]] || { echo "go: $away" >&2; exit 1; } ;;
esac
case "$1 $2" in
  "env GOVERSION") echo "go\${FAKE_GOVERSION:-1.99.0}" ;;
  "list -mod=readonly") case "$*" in *" -m "*) echo "v${pin}" ;; *) printf 'a/b\\nc/d\\n' ;; esac ;;
  build*)
    echo a/b >&2
    if [ "$FAKE_GO" = broken ]; then echo "# c/d" >&2; echo "c/d.go:1:1: syntax error: no luck today" >&2; exit 1; fi
    if [ "$FAKE_GO" = slow ]; then echo $$ >"$FAKE/go.pid"; until [ -e "$FAKE/gate" ]; do sleep 0.05; done; fi
    echo c/d >&2
    while [ "$1" != -o ]; do shift; done
    printf '#!/bin/sh\\necho v${pin}\\n' >"$2"; chmod +x "$2" ;;
esac
`;

export type Result = { status: number | null; stdout: string; stderr: string };

export class Machine {
  readonly dir = fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-engine-"));
  readonly checkout = path.join(this.dir, "checkout");
  readonly bin = path.join(this.dir, "bin");
  readonly env: Record<string, string>;

  constructor() {
    const copy = (what: string) =>
      fs.cpSync(path.join(repository, what), path.join(this.checkout, what), { recursive: true });
    for (const what of [
      "engine",
      "cache",
      "containers/cache.sh",
      "system-packages",
      "setup",
      "passphrase.cjs",
      "lab",
      "lab.cjs",
      "missing-package.cjs",
      "bundle",
    ])
      copy(`scripts/${what}`);
    copy("package.json");
    this.write("checkout/Pulumi.yaml", "name: encaplab\n");
    fs.mkdirSync(this.bin);
    for (const name of `${commands} ${more}`.split(" ")) {
      const found = execFileSync("bash", ["-c", `type -P ${name}`], { encoding: "utf8" }).trim();
      fs.symlinkSync(found, path.join(this.bin, name));
    }
    // Stand-ins for the SDK's installer and the network, as far as official.mjs uses them.
    const sdk = "checkout/node_modules/@pulumi/pulumi";
    this.write(`${sdk}/package.json`, '{"name":"@pulumi/pulumi"}');
    this.write(`${sdk}/node_modules/semver/index.js`, "exports.SemVer = String;");
    this.write(
      `${sdk}/automation/index.js`,
      `const fs = require("fs");
       exports.PulumiCommand = { install: async ({ version, root }) => {
         if (process.env.FAKE_NET === "torn") throw new Error("curl: (56) connection reset");
         fs.writeFileSync(root + "/bin/pulumi", "#!/bin/sh\\necho v" + version, { mode: 0o755 });
       } };`,
    );
    const net = this.write(
      "net.mjs",
      `globalThis.fetch = (url, { signal }) => new Promise((resolve, reject) => {
         const net = process.env.FAKE_NET;
         if (net === "closed") reject(new TypeError("fetch failed", { cause: { code: "ENOTFOUND" } }));
         if (net === "open" || net === "torn") resolve({ ok: true });
         const alive = setInterval(() => {}, 1000); // "silent": packets are dropped
         signal.addEventListener("abort", () => { clearInterval(alive); reject(signal.reason); });
         if (net !== "silent") clearInterval(alive);
       });`,
    );
    this.env = { PATH: this.bin, HOME: this.dir, FAKE: this.dir, FAKE_NET: "closed", FAKE_GO: "" };
    this.env.ENCAPLAB_VERBOSE = "1"; // the scripts say which engine and which state folder they use
    this.env.NODE_OPTIONS = `--import=${pathToFileURL(net)}`;
    this.write("bin/go", fakeGo, 0o755);
  }

  write(name: string, text: string, mode = 0o644): string {
    const file = path.join(this.dir, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text, { mode });
    return file;
  }
  /** Puts the stand-in `pulumi` on PATH, in a separate folder; returns that folder. */
  onPath(version: string, languageHost = true): string {
    this.write("own/pulumi", fakePulumi(version), 0o755);
    if (languageHost) this.write("own/pulumi-language-nodejs", "", 0o755);
    this.env.PATH = `${path.join(this.dir, "own")}:${this.bin}`;
    return path.join(this.dir, "own");
  }
  start(command: string, env: Record<string, string> = {}): [ChildProcess, Promise<Result>] {
    const child = spawn("bash", ["-c", command], { cwd: this.checkout, env: { ...this.env, ...env } });
    const result: Result = { status: null, stdout: "", stderr: "" };
    child.stdout.on("data", (data) => (result.stdout += data));
    child.stderr.on("data", (data) => (result.stderr += data));
    return [child, new Promise((done) => child.on("close", (status) => done({ ...result, status })))];
  }
  run(command: string, env: Record<string, string> = {}): Promise<Result> {
    return this.start(command, env)[1];
  }
  find(env: Record<string, string> = {}): Promise<Result> {
    return this.run("exec bash scripts/engine/find", env);
  }
  async until(condition: () => boolean, what: string): Promise<void> {
    for (let tries = 0; !condition(); tries++) {
      assert.ok(tries < 400, `waited in vain for ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
  /** Starts a build that stops half-way, and waits until it has stopped. */
  async halfWay(): Promise<[ChildProcess, Promise<Result>, number]> {
    const [child, result] = this.start("exec bash scripts/engine/find", { FAKE_GO: "slow" });
    const pidFile = path.join(this.dir, "go.pid");
    await this.until(
      () => fs.existsSync(pidFile) && fs.readFileSync(pidFile, "utf8").endsWith("\n"),
      "the build",
    );
    return [child, result, Number(fs.readFileSync(pidFile, "utf8"))];
  }
  openGate(): void {
    this.write("gate", "");
  }
  /** Makes scripts/setup believe that node_modules is installed. */
  upToDate(): void {
    const lock = this.write("checkout/package-lock.json", '{"packages": {}}');
    const sum = execFileSync("sh", ["-c", `cksum <"${lock}"`], { encoding: "utf8" });
    this.write("checkout/node_modules/.encaplab", sum);
  }
  remove(): void {
    this.openGate(); // ends any build that a failed test left waiting
    fs.rmSync(this.dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
  builds(): number {
    const calls = path.join(this.dir, "go.calls");
    return fs.existsSync(calls)
      ? fs
          .readFileSync(calls, "utf8")
          .split("\n")
          .filter((c) => /^build .*cmd\/pulumi$/.test(c)).length
      : 0;
  }
  /** What is in the cache apart from lock files: finished engines, and work that was left unfinished. */
  cache(): string[] {
    const folder = path.join(this.dir, ".cache/encaplab/engine");
    return fs.existsSync(folder) ? fs.readdirSync(folder).filter((name) => !name.endsWith(".lock")) : [];
  }
}

export const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    // A zombie is still listed but already dead.
    return !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};
