/** Public API for requests to OpenStack's own APIs. It loads no SDK, so the launcher can use it too. */
export { type Account, type CloudName, type Environment, findAccount } from "./account";
export { commandFor, type Patience, removeAll } from "./removal";
export { type Entry, list, read, reasonOf, type Service, type Session } from "./request";
export { openSession } from "./session";
export { survey } from "./survey";
export { descriptionOf, keyPairName, labOfKeyPair, labTag, openstackTag, stackTags, tagValue } from "./tags";
export type { Marks, Thing } from "./thing";
