/** The study in a Pulumi program: what it shows in the engine's display, its stack outputs, and its resource. */
export { announceObservation, announceVerdict, observationOutput, verdictOutput } from "./announce";
export { TwinObservation } from "./twin";
