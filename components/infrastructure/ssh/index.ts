/** Public API of SSH: login to a node from here, and the scripts that its shell runs. */
export { type Answer, execute, type Target, waitForSsh } from "./session";
export { type StepName, shellCommand, stepScript } from "./step";
export { attach } from "./terminal";
