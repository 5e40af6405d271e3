/**
 * Public API of the study: prediction and observation side by side. Does not import Pulumi, which takes a second to
 * load. What needs Pulumi is in `stack/`.
 */

export { formatAcross } from "./across-report";
export { formatChange } from "./change-report";
export { type Column, DEFAULT_WIDTH, formatColumns, type WrapOptions, wrap } from "./columns";
export { decodePacket } from "./decode";
export type { Evidence } from "./evidence";
export { describeFailure, failureGroups } from "./failure";
export { type Floor, floorOf } from "./floor";
export type { Follower } from "./follower";
export { type Goal, type Judged, missingOf } from "./goal";
export { type StudyImage, studyImage } from "./image";
export { formatJunit } from "./junit";
export { formatMarkdown } from "./markdown";
export { type Observed, observe, observeWithEvidence } from "./measure";
export type { Check, NodeFacts } from "./measured";
export type { Observation, ObservedRow, PairOutcome } from "./observation";
export { formatObservation } from "./observation-report";
export { type PathFilter, pathFilter } from "./path-filter";
export { type Frame, PcapError, readPcap } from "./pcap";
export type { Prober } from "./prober";
export type { ObservedTrace, Sighting } from "./sighting";
export { describePacket, describeProbe, formatTrace } from "./trace-report";
export { type Decoded, readTshark, tsharkArguments } from "./tshark";
export { twinFollower } from "./twin-follower";
export { twinProber } from "./twin-prober";
export { twinWatcher } from "./twin-watcher";
export { diffOf, formatDiff, type LabDiff, type Side } from "./verdict-diff";
export { formatOutcomes, formatVerdict, type ReportOptions } from "./verdict-report";
export type { SwitchSeen, Watched, WatchedFlow } from "./watch";
export { formatWatched } from "./watch-report";
export type { Watch, Watcher } from "./watcher";
