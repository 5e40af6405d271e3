/** Public API of the study in a Pulumi program: the engine's display, the stack outputs, and the resource. */
export { announceObservation, announceVerdict, observationOutput, verdictOutput } from "./announce";
export { TwinObservation } from "./twin";
