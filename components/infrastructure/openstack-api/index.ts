/** The door to OpenStack's own APIs. No SDK is loaded, so the launcher can go through it as well. */
export { type Account, type CloudName, findAccount } from "./account";
export { type Entry, list, read, type Service, type Session } from "./request";
export { openSession } from "./session";
export { isKeyPairOf, keyPairName, openstackTag, stackDescription, stackTags } from "./tags";
