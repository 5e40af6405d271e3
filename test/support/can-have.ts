/** Which faults a lab can have. */
import type { Fault } from "../../components/config";
import { FAULT_FACTS, type LabPlan } from "../../components/plan";

/**
 * Whether a lab can have a fault. The lab cannot break the network of existing machines, and kernels and firewalls only of
 * what is on this machine.
 */
export function canHave(
  {
    fabric,
    cloud,
    onTwin,
    onContainers,
    sites,
  }: Pick<LabPlan, "fabric" | "cloud" | "onTwin" | "onContainers"> & { sites?: unknown },
  fault: Fault,
): boolean {
  const { fabrics, of, onTwinBecause } = FAULT_FACTS[fault];
  if (!fabrics.includes(fabric)) return false;
  if (of === "link") return sites !== undefined;
  if (onContainers) return onTwinBecause === undefined;
  return onTwin || of === "calico" || (of === "fabric" && cloud !== "hosts");
}
