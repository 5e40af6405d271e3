/** A fault that the facts show, and where. */
import type { Fault, FaultSetting } from "../../config";
import type { Machine } from "./machines";
import type { Source } from "./source";

/** A fault, and what shows it. */
export interface FoundFault {
  setting: FaultSetting;
  /** In one sentence without the full stop. */
  evidence: string;
  source?: Source;
}

/** A fault on the nodes that have it, before they are compared with all nodes. */
export interface OnNodes {
  fault: Fault;
  machines: readonly Machine[];
  evidence: string;
  source?: Source;
}
