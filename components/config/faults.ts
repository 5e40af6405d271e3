/** The faults of a lab: each a name, or a name with the nodes that have it. */
import { z } from "zod";
import { DIRECTIONS, type Direction, FAULTS, type Fault } from "./choices";
import { suggestion } from "./nearest";
import { MAX_NODES } from "./topology";
import { list, listOrText, name, oneOf } from "./value";

/** A fault that some nodes have, or that concerns one direction. */
export interface PlacedFault {
  fault: Fault;
  /** The nodes that have it. Default: all. */
  nodes?: string[];
  /** For a fault that blocks packets: which. Default: those that come in. */
  direction?: Direction;
}

/** A fault as the config has it: a plain name means every node. */
export type FaultSetting = Fault | PlacedFault;

/** The longest list: each fault once for either direction. */
const MAX_FAULTS = FAULTS.length * DIRECTIONS.length;

const placed = z
  .strictObject({
    /** The fault's name. */
    fault: oneOf(FAULTS),
    /** The names of the nodes that have it. Default: all nodes. */
    nodes: list(name(), 1, MAX_NODES, "names of nodes").optional(),
    /** For a fault that blocks packets: those that come `in`, or that go `out`. Default: `in`. */
    direction: oneOf(DIRECTIONS).optional(),
  })
  // One form for one meaning, so that two configs that mean the same are equal.
  .transform(
    ({ fault, nodes, direction }): FaultSetting =>
      nodes || direction ? { fault, ...(nodes && { nodes }), ...(direction && { direction }) } : fault,
  );

const fault = z.union([oneOf(FAULTS), placed], {
  error: ({ input }) =>
    typeof input === "string"
      ? `must be one of ${FAULTS.join(", ")}${suggestion(input, FAULTS)}`
      : "must be a fault's name, or { fault, nodes, direction }",
});

/** The value of the key `faults`. */
export const faults = () => listOrText(fault, MAX_FAULTS, `faults: ${FAULTS.join(", ")}`);

/** The name of a fault in the config. */
export const faultOf = (setting: FaultSetting): Fault =>
  typeof setting === "string" ? setting : setting.fault;

/** Which nodes have a fault and which packets it blocks, as far as the config says so. */
export const placeOf = (setting: FaultSetting): Pick<PlacedFault, "nodes" | "direction"> =>
  typeof setting === "string" ? {} : setting;

/** A fault in words: `ipip-blocked`, `ipip-blocked on w2`, `ipip-blocked on w2 (out)`. Different for different settings. */
export function faultLabel(setting: FaultSetting): string {
  if (typeof setting === "string") return setting;
  const { fault: kind, nodes, direction } = setting;
  return `${kind}${nodes ? ` on ${nodes.join(", ")}` : ""}${direction ? ` (${direction})` : ""}`;
}
