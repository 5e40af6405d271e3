/** Public API for requests to OpenStack's own APIs. It loads no SDK, so the launcher can use it too. */
export { type Account, type CloudName, findAccount } from "./account";
export { type Entry, list, read, type Service, type Session } from "./request";
export { openSession } from "./session";
export { isKeyPairOf, keyPairName, openstackTag, stackDescription, stackTags } from "./tags";
