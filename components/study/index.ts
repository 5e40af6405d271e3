/**
 * Public API of the study: prediction and observation side by side. Does not import Pulumi, which takes a second to
 * load. What needs Pulumi is in `stack/`.
 */
export { formatChange } from "./change-report";
export { type Column, DEFAULT_WIDTH, formatColumns, type WrapOptions, wrap } from "./columns";
export { observe } from "./measure";
export type { Observation, ObservedRow } from "./observation";
export { formatObservation } from "./observation-report";
export { describePacket, describeProbe, formatTrace, type Sightings } from "./trace-report";
export { diffOf, formatDiff, type LabDiff, type Side } from "./verdict-diff";
export { formatVerdict, type ReportOptions } from "./verdict-report";
