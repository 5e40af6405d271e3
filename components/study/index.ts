/**
 * Public API of the study: prediction and observation side by side. Does not import Pulumi, which takes a second to
 * load. What needs Pulumi is in `stack/`.
 */
export { observe } from "./measure";
export type { Observation } from "./observation";
export { formatObservation, formatVerdict } from "./report";
