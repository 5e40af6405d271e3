/**
 * Public API of the namespaces that outlive the process that made them: a pause process keeps them alive, a lab folder has
 * its record. The twin and node containers differ only in the script of their pause process and in the namespaces that it
 * gets. How it is started, recorded, checked, entered and ended is scripts/runtime, for both.
 */
export { endPause, enterPause, PAUSE_LOG, PauseError, startPause } from "./pause";
export { isAlive, type PauseRecord, readRecord } from "./record";
