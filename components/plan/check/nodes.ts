/** Checks how many nodes there are, and which of them is the control plane. */
import { type LabConfig, MAX_NODES } from "../../config";
import type { Report } from "./report";

/** Checks the number of nodes and their roles. */
export function checkNodes(config: LabConfig, report: Report): void {
  const nodes = config.topology.flatMap((subnet) => subnet.nodes);
  if (nodes.length > MAX_NODES)
    report("topology", `${nodes.length} nodes`, `must have at most ${MAX_NODES} nodes`);
  const controlPlanes = nodes.filter(({ role }) => role === "control-plane");
  // Without any role, the first node becomes the control plane.
  if (controlPlanes.length === 1 || (controlPlanes.length === 0 && nodes[0]?.role !== "worker")) return;
  const names = controlPlanes.map(({ name }) => name).join(", ") || "none";
  report("topology", `control planes: ${names}`, "must have exactly one node with role control-plane");
}
