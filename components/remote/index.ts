/** Public API of SSH: login to a node, and a terminal on it. Loads no part of Pulumi, which would take a second. */
export { type Answer, execute, type Target, waitForSsh } from "./ssh";
export { attach } from "./terminal";
