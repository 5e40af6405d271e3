/** Public API of the diagnosis: what is wrong with a living cluster. Pure. */
export { type Cause, type Diagnosis, diagnose, probed, type Seen } from "./causes";
export { fixCommands } from "./fix";
export { withNames } from "./names";
export { type DiagnosisReport, formatDiagnosis, isHealthy } from "./report";
