/** The door to SSH: logging in on a node from here, and what a node's shell is given to run. */
export { type Answer, execute, type Target, waitForSsh } from "./session";
export { type StepName, shellCommand, stepScript } from "./step";
export { attach } from "./terminal";
