/** The launcher under test: an engine environment in which `lab` runs, with the real engine or a stand-in for it. */
import * as fs from "node:fs";
import * as path from "node:path";
import { EngineEnvironment } from "./engine-environment";
import type { Result, Running } from "./running";

export type { Result } from "./running";

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

/** A copy of the checkout in which the launcher runs as a user runs it. */
export class Checkout extends EngineEnvironment {
  constructor() {
    super("launcher");
    this.copyCheckout();
    for (const file of fs.readdirSync(path.join(this.folder, "stacks"))) this.withoutSalt(`stacks/${file}`);
    this.env.FAKE = this.root;
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

  /** The text of a file of the checkout. */
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

  /** Runs a program in the checkout. @param shown is called with its standard output so far, each time it prints. */
  start(
    command: string,
    argv: readonly string[],
    shown?: (stdout: string, pid: number) => void,
  ): Promise<Result> {
    return this.spawn([command, ...argv], false, shown).ended;
  }

  /** Starts a program in the checkout, in a process group of its own, which a test can kill as a whole. */
  startGroup = (command: string, argv: readonly string[]): Running => this.spawn([command, ...argv], true);

  /** Runs `npm run lab -- …` without the set-up. */
  launch = (...argv: string[]) => this.start("node", ["scripts/lab.cjs", ...argv]);
  /** Runs `npm run lab -- …` with the set-up. */
  lab = (...argv: string[]) => this.start("bash", ["scripts/lab", ...argv]);
}
