/** The control groups of node containers. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";

/** Name of the control group of the lab in this folder. */
export const groupOf = (folder: string): string =>
  `encaplab-${createHash("sha1").update(folder).digest("hex").slice(0, 10)}`;

/** The control groups of the lab in this folder, in every hierarchy, as paths. */
export function controlGroups(folder: string): string[] {
  const argv = ["/sys/fs/cgroup", "-maxdepth", "2", "-name", groupOf(folder)];
  const { stdout } = spawnSync("find", argv, { encoding: "utf8" });
  return stdout.split("\n").filter((line) => line !== "");
}
