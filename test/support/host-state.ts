/** Whether node containers have changed this machine. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { hostNetwork, until } from "./sandbox";

/** Everything on this machine that node containers could have changed, line by line. */
export function hostState(): string[] {
  const settings = execFileSync("bash", ["-c", "sysctl -a 2> /dev/null"], {
    encoding: "utf8",
    maxBuffer: 1e8,
  });
  // Counters that change by themselves.
  const counters =
    /^(net\.|fs\.(aio-nr|dentry|file-nr|inode|quota)|kernel\.(ns_last_pid|pty\.nr|random|perf_event_max_sample_rate|sched|usermodehelper)|vm\.stat)/;
  return [
    hostNetwork(),
    ...settings.split("\n").filter((line) => !counters.test(line)),
    fs.existsSync("/run/netns") ? fs.readdirSync("/run/netns").join(" ") : "no named namespace",
  ].flatMap((text) => text.split("\n"));
}

/** The added and removed lines, so that a failure does not show two thousand unchanged ones. */
export function changesOf(before: readonly string[], now: readonly string[]): string[] {
  const [was, is] = [new Set(before), new Set(now)];
  return [
    ...[...is].filter((line) => !was.has(line)).map((line) => `+ ${line}`),
    ...[...was].filter((line) => !is.has(line)).map((line) => `- ${line}`),
  ];
}

/** How this machine differs from an earlier {@link hostState}, after waiting until the kernel has cleaned up. */
export async function hostChanges(before: readonly string[]): Promise<string[]> {
  // The kernel's own worker removes namespaces a moment after their last process.
  await until(() => changesOf(before, hostState()).length === 0).catch(() => {});
  return changesOf(before, hostState());
}
