/** Public API of the study in a Pulumi program: the engine's display, the stack outputs, and the resource. */
export { announceObservation, announceVerdict } from "./announce";
export { ClusterObservation, type ClusterObservationArgs } from "./cluster";
export { observationOutput, verdictOutput } from "./outputs";
export { TwinObservation } from "./twin";
