/** A step: one of the scripts of `scripts/node`, prepared to run on a node. */
import * as fs from "node:fs";
import { scriptPath } from "../../scripts";

/** The files of each step, in this order, after the preamble. */
const STEPS = {
  blocks: ["rollout", "blocks"],
  calico: ["rollout", "calico"],
  check: ["kubeadm", "rules", "trial", "check"],
  images: ["images"],
  init: ["kubeadm", "init"],
  join: ["kubeadm", "join"],
  kubeconfig: ["kubeconfig"],
  members: ["members"],
  "pod-network": ["pod-network"],
  prepare: ["packages", "cloud-init", "kubeadm", "before", "metadata", "rules", "trial", "check", "prepare"],
  reflectors: ["reflectors"],
  remove: ["remove"],
  reset: ["packages", "kubeadm", "before", "network-leftovers", "reset"],
  "restart-pods": ["restart-pods"],
  router: ["packages", "router"],
  routes: ["routes"],
  "site-link": ["packages", "cloud-init", "site-link"],
  "site-route": ["site-route"],
  "tenant-port": ["dhcp-hook", "tenant-port"],
  token: ["token"],
} as const;

/** Names of the steps. */
export type StepName = keyof typeof STEPS;

const read = (name: string) => fs.readFileSync(scriptPath(`node/${name}.sh`), "utf8");

/** Quotes a text as one word for bash, whatever it contains: `'…'`. */
export const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * The standard input for the node's shell: the helpers that all steps share, the values as shell variables, the step.
 * None of it, and so no secret, is ever in a command line.
 *
 * @param values by the variable names that are listed at the top of the step's file.
 */
export function stepScript(step: StepName, values: Readonly<Record<string, string>>): string {
  const assignments = Object.entries(values).map(([name, value]) => `${name}=${quote(value)}`);
  // Empty input, because a program that the step starts would otherwise read the rest of the step's own text.
  return [read("preamble"), ...assignments, ...STEPS[step].map(read), 'main "$@" </dev/null', ""].join("\n");
}

/** The command that runs the script of {@link stepScript} as root. */
export function shellCommand(user: string, action: "create" | "update" | "delete" | "look"): string {
  const shell = `bash -s -- ${action}`;
  return user === "root" ? shell : `sudo -n ${shell}`;
}

/** How long a step that the engine runs may take on its node, in seconds: packages and images over a slow line. */
export const STEP_LIMIT = 3600;

/** {@link shellCommand} with the step's time limit, for the engine: its plug-in waits without end. */
export const limitedCommand = (user: string, action: "create" | "delete"): string =>
  shellCommand(user, action).replace("bash -s", `timeout --kill-after=30 ${STEP_LIMIT} bash -s`);
