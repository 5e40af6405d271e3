/** States of stacks made by version 0.1 load their dynamic providers from this path. To be removed with 1.0. */
export { bootstrapTokens as admission, reachable } from "./providers";
