/** The nodes and their subnets as the lab's topology. */
import type { SetKey } from "./entry";
import type { Machine } from "./machines";
import { showSource } from "./source";
import type { subnetsOf } from "./subnets";

/** Sets `topology`. Without any nodes it is the default. */
export function topology(
  subnets: ReturnType<typeof subnetsOf>["subnets"],
  machines: readonly Machine[],
  set: SetKey,
  assumptions: string[],
): void {
  if (machines.length === 0) {
    assumptions.push("no node was given: the lab has four, in two subnets (encaplab's default)");
    return;
  }
  const controls = machines.filter(({ isControlPlane }) => isControlPlane);
  const control = controls[0] ?? machines[0];
  if (controls.length > 1)
    assumptions.push(
      `the cluster has ${controls.length} control planes: in the lab, ${control?.name} is the only one, and the others are workers`,
    );
  const sources = [...new Set(subnets.flatMap(({ source }) => (source ? [showSource(source)] : [])))];
  set(
    "topology",
    subnets.map(({ name, cidr, machines: own }) => ({
      name,
      cidr,
      nodes: own.map((machine) => ({
        name: machine.name,
        ...(machine === control && { role: "control-plane" }),
        address: machine.address,
      })),
    })),
    sources.length > 0
      ? `Subnets: ${sources.slice(0, 3).join(", ")}`
      : "The nodes' addresses; the size of the subnets is assumed",
  );
}
