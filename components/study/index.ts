/** The study's door: what was predicted and what was seen, side by side. */
export { announceObservation, announceVerdict, observationOutput, verdictOutput } from "./announce";
export { observe } from "./measure";
export type { Observation } from "./observation";
export { formatObservation, formatVerdict } from "./report";
export { TwinObservation } from "./twin";
