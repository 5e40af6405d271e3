/** Public API of SSH: login to a node, and a terminal on it. Loads no part of Pulumi, which would take a second. */
export { fingerprint, HostKeyMismatch } from "./host-key";
export { type KeyPairText, newKeyPair } from "./key-pair";
export { type Answer, execute, openSession, type Patience, type Target, waitForSsh } from "./ssh";
export { type Ending, stream } from "./stream";
export { attach, openTerminal, type Terminal, type TerminalKind, type TerminalSize } from "./terminal";
