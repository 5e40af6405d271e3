/**
 * The study's door: what was predicted and what was seen, side by side. No Pulumi in here, which takes a second to load:
 * what the program shows and records of a study is behind the door of `stack/`.
 */
export { observe } from "./measure";
export type { Observation } from "./observation";
export { formatObservation, formatVerdict } from "./report";
