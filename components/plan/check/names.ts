/** Checks that every name belongs to one subnet, node or pod only. */
import type { LabConfig } from "../../config";
import { podNames, RESERVED_NAMES } from "../topology";
import type { Report } from "./report";

/** Checks the names of subnets, of nodes, and of the pods that nodes get. */
export function checkNames(config: LabConfig, report: Report): void {
  checkSubnetNames(config, report);
  const nodes = config.topology.flatMap((subnet, i) =>
    subnet.nodes.map(({ name }, j) => ({ name, key: `topology[${i}].nodes[${j}]` })),
  );
  const owners = new Map(RESERVED_NAMES.map((name) => [name, "a name that the twin reserves"]));
  for (const { name, key } of nodes) {
    const owner = owners.get(name);
    if (owner) report(`${key}.name`, name, `it is ${owner}; names must be unique`);
    else owners.set(name, `already the name of ${key}`);
  }
  for (const { name, key } of nodes) {
    const clash = podNames(name).find((pod) => owners.has(pod));
    if (clash) report(`${key}.name`, name, `its pod ${clash} would have the name of another node`);
  }
}

function checkSubnetNames({ topology }: LabConfig, report: Report): void {
  topology.forEach(({ name }, i) => {
    const first = topology.findIndex((other) => other.name === name);
    if (first === i) return;
    report(`topology[${i}].name`, name, `topology[${first}] already has that name; names must be unique`);
  });
}
