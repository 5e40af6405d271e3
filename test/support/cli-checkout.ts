/** A checkout in which the command line runs with stand-ins for the engine and for the set-up. */
import * as fs from "node:fs";
import * as path from "node:path";
import { parseStackConfig } from "../../components/config";
import { planLab } from "../../components/plan";
import { DYNAMIC_TYPE, STACK_TYPE } from "../../components/remote/types";
import { Checkout } from "./checkout";
import { recordOf } from "./pauses";

/** A `pulumi` that records its arguments, and changes config file and state as the real one does. */
const ENGINE = `#!/usr/bin/env bash
printf '%s\\n' "\${*//$FAKE/ROOT}" >>"$FAKE/calls"
state=$FAKE/state/encaplab/pulumi/.pulumi
stack=$(sed -n 's/.*--stack \\([^ ]*\\).*/\\1/p; s/^stack init \\([^ ]*\\).*/\\1/p' <<<"$*")
config=$(sed -n 's/.*--config-file \\([^ ]*\\).*/\\1/p' <<<"$*")
checkpoint=$state/stacks/encaplab/$stack.json
salt() { grep -q ^encryptionsalt: "$1" 2>/dev/null || echo "encryptionsalt: v1:abc=:v1:def" >>"$1"; }
case "$1 $2" in
  version*) echo v3.999.0 ;;
  "stack init")
    if [[ -e $FAKE/refuses ]]; then echo "error: passphrase must be set" >&2; exit 255; fi
    mkdir -p "$(dirname "$checkpoint")" && echo '{"checkpoint":{"latest":{}}}' >"$checkpoint"
    if [[ -d stacks ]]; then salt "stacks/Pulumi.$stack.yaml"; else salt "Pulumi.$stack.yaml"; fi ;;
  "stack export")
    if [[ ! -e $checkpoint ]]; then echo "error: no stack named '$stack' found" >&2; exit 6; fi
    node -e 'const c = JSON.parse(require("fs").readFileSync(process.argv[1])); console.log(JSON.stringify({version: 3, deployment: c.checkpoint.latest}))' "$checkpoint" ;;
  "stack import") cat >"$FAKE/imported" ;;
  "stack ls") cat "$FAKE/stacks" 2>/dev/null || echo '[]' ;;
  "stack history") cat "$FAKE/history" 2>/dev/null || echo '[]' ;;
  cancel*) rm -f "$state/locks/organization/encaplab/$stack/"*.json ;;
  refresh*)
    if [[ $* == *--preview-only* ]]; then
      cat "$FAKE/looked"
      exit "$(cat "$FAKE/look-status" 2>/dev/null || echo 0)"
    fi
    if [[ -e $FAKE/refreshed ]]; then cp "$FAKE/refreshed" "$checkpoint"; fi ;;
  up* | destroy* | preview*)
    if [[ -e $FAKE/waits ]]; then
      trap 'echo "interrupted" >>"$FAKE/calls"' INT
      echo ready
      for _ in $(seq 200); do [[ ! -e $FAKE/done ]] || break; sleep 0.02; done
    fi
    salt "$config"
    cp "$config" "$FAKE/config-file"
    cat "$FAKE/events" 2>/dev/null || echo '{"summaryEvent":{"resourceChanges":{"create":1}}}'
    if [[ $1 == destroy && $* != *--preview-only* ]]; then echo '{"checkpoint":{"latest":{}}}' >"$checkpoint"; fi
    if [[ $1 == up && -e $FAKE/after ]]; then cp "$FAKE/after" "$checkpoint"; fi
    exit "$(cat "$FAKE/status" 2>/dev/null || echo 0)" ;;
esac
`;

/** A \`scripts/setup\` that has everything, and records what is asked of it when it is run. */
const SETUP = `
root=$(cd "$(dirname "\${BASH_SOURCE[0]}")/.." && pwd)
environment() { :; }
engine() { :; }
node_and_packages() { :; }
if [[ \${BASH_SOURCE[0]} == "$0" ]]; then
  echo "$*" >>"$FAKE/setup"
  exit "$(cat "$FAKE/setup-status" 2>/dev/null || echo 0)"
fi
`;

/** Options of a run that shows our own display. */
export const UNASKED = "--yes --skip-preview --json --color never";

/** Options that name a lab's own config file. */
export const onLab = (stack: string): string =>
  `--stack ${stack} --config-file ROOT/state/encaplab/overlays/${stack}/Pulumi.${stack}.yaml`;

/** The resources of a twin whose sandbox has ended. */
export const TWIN = [
  { type: STACK_TYPE },
  { type: "encaplab:twin:Twin" },
  { type: `${DYNAMIC_TYPE}TwinFolder`, outputs: { folder: "/nonexistent/encaplab-lab" } },
];

/** The resources of a lab of machines in a cloud. */
export const MACHINES = [{ type: STACK_TYPE }, { type: "aws:ec2/instance:Instance" }];

/** A checkout for tests of the command line. */
export class CliCheckout extends Checkout {
  constructor() {
    super();
    for (const name of Object.keys(this.env)) if (/^(npm_|ENCAPLAB_)/.test(name)) delete this.env[name];
    // Messages on one line, whatever their length. Tests of the width set their own.
    this.env.COLUMNS = "2000";
  }

  override withStandIn(): this {
    const bin = path.join(this.root, "bin");
    fs.mkdirSync(bin);
    fs.writeFileSync(path.join(bin, "pulumi"), ENGINE, { mode: 0o755 });
    for (const name of ["aws", "openstack", "command", "kubernetes"])
      fs.writeFileSync(path.join(bin, `pulumi-resource-${name}`), "", { mode: 0o755 });
    this.env.PATH = `${bin}:${process.env.PATH}`;
    return this.withoutSetup();
  }

  /** Replaces the set-up, which would look for a real engine. */
  withoutSetup(): this {
    this.write("scripts/setup", SETUP);
    return this;
  }

  /** Tells the stand-ins something: see their code. */
  tell(name: string, text = ""): void {
    fs.writeFileSync(path.join(this.root, name), text);
  }

  /** What was asked of the set-up since the last time. */
  setupCalls(): string[] {
    const file = path.join(this.root, "setup");
    const calls = fs.existsSync(file) ? fs.readFileSync(file, "utf8").trimEnd().split("\n") : [];
    fs.rmSync(file, { force: true });
    return calls;
  }

  /** The config file that the engine got last. */
  engineConfig = (): string => fs.readFileSync(path.join(this.root, "config-file"), "utf8");

  /** The folder of what is kept for a lab. */
  overlay = (stack: string): string => path.join(this.root, "state/encaplab/overlays", stack);

  /**
   * The resources of a twin that is up. This process stands in for its sandbox.
   * @param config keys that are not the default.
   * @param seen what its observation has besides the rows. Default: all as predicted.
   */
  livingTwin(config: Record<string, unknown> = {}, rows: object[] = [], seen: object = {}): object[] {
    const folder = path.join(this.root, "twin");
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    fs.writeFileSync(path.join(folder, "sandbox.json"), JSON.stringify(recordOf(process.pid)));
    const plan = planOf(config);
    const observation = { agrees: true, disagreements: [], rows, ...seen };
    return [
      { type: STACK_TYPE },
      { type: `${DYNAMIC_TYPE}TwinFolder`, outputs: { folder } },
      { type: `${DYNAMIC_TYPE}Observation`, outputs: { plan, observation } },
    ];
  }
}

/** A plan as it stands in a state: without what is undefined. */
export function planOf(config: Record<string, unknown> = {}): object {
  const keys = Object.entries(config).map(([key, value]) => [`encaplab:${key}`, value]);
  return JSON.parse(JSON.stringify(planLab(parseStackConfig(Object.fromEntries(keys)))));
}
