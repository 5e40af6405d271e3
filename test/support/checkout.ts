/**
 * A copy of the checkout in its own folder, where the launcher runs with its own state folder and, if wanted, its own
 * engine.
 */
import { execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

const REPOSITORY = path.resolve(__dirname, "../..");

/** A `pulumi` that records its arguments, and changes stack file and state as the real one does. */
const STAND_IN = `#!/usr/bin/env bash
printf '%s\\n' "$*" >>"$FAKE/calls"
state=$FAKE/state/encaplab/pulumi/.pulumi
stack=$(sed -n 's/.*--stack \\([^ ]*\\).*/\\1/p; s/^stack init \\([^ ]*\\).*/\\1/p' <<<"$*")
checkpoint=$state/stacks/encaplab/$stack.json
case "$1 $2" in
  "stack init")
    if [ -e "$FAKE/refuses" ]; then echo "error: passphrase must be set" >&2; exit 255; fi
    mkdir -p "$(dirname "$checkpoint")" && echo '{"checkpoint":{"latest":{}}}' >"$checkpoint"
    echo "encryptionsalt: v1:abc=:v1:def" >>"stacks/Pulumi.$stack.yaml" ;;
  "stack export")
    if [ ! -e "$checkpoint" ]; then echo "error: no stack named '$stack' found" >&2; exit 6; fi
    node -e 'const c = JSON.parse(require("fs").readFileSync(process.argv[1])); console.log(JSON.stringify({version: 3, deployment: c.checkpoint.latest}))' "$checkpoint" ;;
  "stack import") cat >"$FAKE/imported" ;;
  cancel*) rm -f "$state/locks/organization/encaplab/$stack/"*.json ;;
  up* | destroy*)
    if [ -e "$FAKE/waits" ]; then
      trap 'echo "interrupted" >>"$FAKE/calls"' INT
      echo ready
      for _ in $(seq 200); do [ ! -e "$FAKE/done" ] || break; sleep 0.02; done
    fi
    if [ "$1" = destroy ]; then echo '{"checkpoint":{"latest":{}}}' >"$checkpoint"; fi
    exit "$(cat "$FAKE/status" 2>/dev/null || echo 0)" ;;
esac
`;

/** The engine's options when nothing costs money. */
export const UNASKED = "--yes --skip-preview --suppress-outputs";
/** Prefix of the types of dynamic resources. */
export const PART = "pulumi-nodejs:dynamic/encaplab:";
/** The resources of a twin whose sandbox has ended. */
export const TWIN = [
  { type: "pulumi:pulumi:Stack" },
  { type: "encaplab:twin:Twin" },
  { type: `${PART}Place`, outputs: { folder: "/nonexistent/encaplab-lab" } },
];

/** The result of a program. */
export interface Result {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** A copy of the checkout, in a temporary folder. */
export class Checkout {
  readonly root = fs.mkdtempSync(path.join(os.tmpdir(), "encaplab-launcher-"));
  readonly folder = path.join(this.root, "checkout");
  /** The folder of the launcher's own backend. */
  readonly state = path.join(this.root, "state/encaplab/pulumi");
  readonly env: NodeJS.ProcessEnv;

  constructor() {
    const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
      cwd: REPOSITORY,
      encoding: "utf8",
    });
    for (const file of listed.split("\0")) {
      const from = path.join(REPOSITORY, file);
      if (file === "" || file.startsWith("test/") || !fs.existsSync(from)) continue;
      fs.cpSync(from, path.join(this.folder, file));
    }
    fs.symlinkSync(path.join(REPOSITORY, "node_modules"), path.join(this.folder, "node_modules"));
    for (const file of fs.readdirSync(path.join(this.folder, "stacks"))) this.withoutSalt(`stacks/${file}`);
    this.env = { ...process.env, XDG_STATE_HOME: path.join(this.root, "state"), FAKE: this.root };
    for (const name of Object.keys(this.env)) if (name.startsWith("PULUMI_")) delete this.env[name];
    this.env.PULUMI_BACKEND_URL = `file://${this.state}`;
  }

  /** The repository that these files come from may have a lab up. */
  private withoutSalt(file: string): void {
    this.write(file, this.read(file).replace(/^encryptionsalt:.*\n?/m, ""));
  }

  /** Puts the stand-in for `pulumi` first on PATH. */
  withStandIn(): this {
    fs.mkdirSync(path.join(this.root, "bin"));
    fs.writeFileSync(path.join(this.root, "bin/pulumi"), STAND_IN, { mode: 0o755 });
    this.env.PATH = `${path.join(this.root, "bin")}:${process.env.PATH}`;
    return this;
  }

  read = (file: string): string => fs.readFileSync(path.join(this.folder, file), "utf8");

  write(file: string, text: string): void {
    fs.mkdirSync(path.dirname(path.join(this.folder, file)), { recursive: true });
    fs.writeFileSync(path.join(this.folder, file), text);
  }

  /** The stand-in's calls since the last time. */
  calls(): string[] {
    const file = path.join(this.root, "calls");
    const calls = fs.existsSync(file) ? fs.readFileSync(file, "utf8").trimEnd().split("\n") : [];
    fs.rmSync(file, { force: true });
    return calls;
  }

  /** Writes a state of the stack in the format of the engine's checkpoint. */
  deployed(stack: string, latest: object): void {
    const folder = path.join(this.state, ".pulumi/stacks/encaplab");
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, `${stack}.json`), JSON.stringify({ checkpoint: { latest } }));
  }

  lock(stack: string, lock: object): void {
    const folder = path.join(this.state, ".pulumi/locks/organization/encaplab", stack);
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, "1.json"), JSON.stringify(lock));
  }

  start(command: string, argv: readonly string[], shown?: (stdout: string, pid: number) => void) {
    return new Promise<Result>((resolve, reject) => {
      const child = spawn(command, argv, {
        cwd: this.folder,
        env: this.env,
        stdio: ["ignore", "pipe", "pipe"],
      });
      const result: Result = { status: null, stdout: "", stderr: "" };
      child.stdout.on("data", (data) => {
        result.stdout += data;
        shown?.(result.stdout, child.pid as number);
      });
      child.stderr.on("data", (data) => (result.stderr += data));
      child.once("error", reject);
      child.once("close", (status) => resolve({ ...result, status }));
    });
  }

  /** Runs `npm run lab -- …` without the set-up. */
  launch = (...argv: string[]) => this.start("node", ["--import", "tsx", "scripts/cli/index.ts", ...argv]);
  /** Runs `npm run lab -- …` with the set-up. */
  lab = (...argv: string[]) => this.start("bash", ["scripts/lab", ...argv]);

  remove(): void {
    fs.rmSync(this.root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}
