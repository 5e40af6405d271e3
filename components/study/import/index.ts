/** Public API of the import: from what people have of a broken cluster to a stack that reproduces it. Pure. */
export type { Entry } from "./entry";
export { ImportError } from "./error";
export type { Wishes } from "./fabric";
export { type Facts, noFacts } from "./facts";
export { showFault } from "./faults";
export type { FoundFault } from "./found-fault";
export { type ImportedLab, labOf } from "./lab";
export { addressesIn } from "./machines";
export { grouped, page } from "./page";
export { type Input, readFacts } from "./read";
export { type Problem, type Source, showProblem, showSource } from "./source";
export { plainStackFile, STACK_NAME, stackFile } from "./stack-file";
