/** Programs of the distribution that only some tests need: `scripts/setup` installs them, as it does for users. */
import { spawnSync } from "node:child_process";
import type { Context } from "mocha";
import { REPOSITORY } from "./repository";
import { skip } from "./skip";

/** Groups of scripts/system-packages/tools.sh, each with its program's name. */
const PROGRAMS = {
  browser: "Chromium",
  iperf3: "iperf3",
  ipsec: "strongSwan",
  router: "BIRD",
  tenants: "Open vSwitch",
  tshark: "tshark",
} as const;

/** Whether a group's programs are here, or could be installed. */
export const hasTools = (group: keyof typeof PROGRAMS): boolean =>
  spawnSync("bash", ["scripts/setup", "need", group], { cwd: REPOSITORY }).status === 0;

/** Installs a group's programs if they are missing. Skips where that is not possible. */
export function needTools(context: Context, group: keyof typeof PROGRAMS): void {
  if (!hasTools(group)) skip(context, `there is no ${PROGRAMS[group]}, and it cannot be installed here`);
}
