/** Public API of the report: everything that is known of a lab, to show to others. Pure: its page runs in a browser. */

export { type Captured, type CapturedPacket, capturedOf, MOST_PACKETS } from "./captured";
export { type Cell, type CellProbe, cellOf, type Seen, seenIn } from "./cell";
export { formatMarkdown } from "./markdown";
export { redact } from "./redact";
export { modesOf, type Report, type ReportMode, reportedPlan } from "./report";
