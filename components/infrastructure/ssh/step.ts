/** A step: one of the scripts of `scripts/node`, made ready to be run on a node. */
import * as fs from "node:fs";
import * as path from "node:path";

/** Of which files each step is made, in this order, behind the preamble. */
const STEPS = {
  blocks: ["rollout", "blocks"],
  calico: ["rollout", "calico"],
  images: ["images"],
  init: ["kubeadm", "init"],
  join: ["kubeadm", "join"],
  kubeconfig: ["kubeconfig"],
  members: ["members"],
  "pod-network": ["pod-network"],
  prepare: ["packages", "kubeadm", "prepare"],
  remove: ["remove"],
  reset: ["packages", "kubeadm", "network-leftovers", "reset"],
  "restart-pods": ["restart-pods"],
  routes: ["routes"],
  token: ["token"],
} as const;

export type StepName = keyof typeof STEPS;

const FOLDER = path.join(__dirname, "..", "..", "..", "scripts", "node");
const read = (name: string) => fs.readFileSync(path.join(FOLDER, `${name}.sh`), "utf8");

/** `'…'` for bash, whatever the text holds. */
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * What goes to the node's shell on its standard input: the helpers that all steps share, the values as shell variables,
 * the step. Nothing of it, and so no secret, is ever in a command line.
 *
 * @param values by the names that the step's file lists at its head.
 */
export function stepScript(step: StepName, values: Readonly<Record<string, string>>): string {
  const assignments = Object.entries(values).map(([name, value]) => `${name}=${quote(value)}`);
  // What a step starts must not read on in the step's own text: hence the empty input.
  return [read("preamble"), ...assignments, ...STEPS[step].map(read), 'main "$@" </dev/null', ""].join("\n");
}

/** The command that runs what {@link stepScript} made. */
export function shellCommand(user: string, action: "create" | "update" | "delete"): string {
  const shell = `bash -s -- ${action}`;
  return user === "root" ? shell : `sudo -n ${shell}`;
}
