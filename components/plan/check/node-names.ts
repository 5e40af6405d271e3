/** Checks a list of nodes by name, wherever a key has one. */
import { type LabConfig, suggestion } from "../../config";
import type { Report } from "./report";

/** The names of all nodes of the config. */
export const nodeNames = ({ topology }: Pick<LabConfig, "topology">): string[] =>
  topology.flatMap(({ nodes }) => nodes.map(({ name }) => name));

/** Checks that each name is a node's, and that none is in the list twice. @param key the list's. */
export function checkNodeNames(
  config: Pick<LabConfig, "topology">,
  given: readonly string[],
  key: string,
  report: Report,
): void {
  const names = nodeNames(config);
  given.forEach((name, i) => {
    if (!names.includes(name))
      report(`${key}[${i}]`, name, `must be one of the nodes ${names.join(", ")}${suggestion(name, names)}`);
    else if (given.indexOf(name) < i) report(`${key}[${i}]`, name, "it is already in the list");
  });
}
