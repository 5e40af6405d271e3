/** How much memory a twin takes. */
import * as fs from "node:fs";
import * as path from "node:path";

/**
 * The memory of all processes of a stack's sandbox, in MB: shared pages are divided among those that share them.
 * @param twins the folder of all twins' folders.
 */
export function memoryOf(twins: string, stack: string): number {
  const folder = fs.readdirSync(twins).find((name) => name.startsWith(`${stack}-`)) ?? "";
  const { pid } = JSON.parse(fs.readFileSync(path.join(twins, folder, "sandbox.json"), "utf8")) as {
    pid: number;
  };
  const sandbox = fs.readlinkSync(`/proc/${pid}/ns/pid_for_children`);
  const kilobytes = fs.readdirSync("/proc").map((process) => {
    try {
      if (!/^\d+$/.test(process) || fs.readlinkSync(`/proc/${process}/ns/pid`) !== sandbox) return 0;
      return Number(/^Pss: +(\d+)/m.exec(fs.readFileSync(`/proc/${process}/smaps_rollup`, "utf8"))?.[1] ?? 0);
    } catch {
      return 0; // it has ended meanwhile
    }
  });
  return kilobytes.reduce((sum, one) => sum + one, 0) / 1024;
}
