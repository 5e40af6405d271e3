/** How the lab's things are marked in OpenStack, where a tag is a plain text and a key pair bears none. */
import { createHash } from "node:crypto";
import { PROJECT_TAG } from "../tags";

/** Nova's limit (nova/objects/tag.py); Neutron's is larger. */
const MAX_LENGTH = 60;

const digest = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 8);

/** `key=value`, as every API takes it: neither comma nor slash (nova/api/validation/parameter_types.py), not too long. */
export function openstackTag(key: string, value: string): string {
  const text = `${key}=${value}`.replace(/[,/]/g, "-");
  if (text.length <= MAX_LENGTH) return text;
  const end = `-${digest(value)}`; // two long names that begin alike stay two
  return text.slice(0, MAX_LENGTH - end.length) + end;
}

/** The tags by which everything of a stack is found, also after its state is gone. */
export const stackTags = (stack: string): string[] => [
  openstackTag("project", PROJECT_TAG),
  openstackTag("stack", stack),
];

/**
 * What the stack's things in Neutron are described as. Neutron takes tags only once a thing is there, and the provider may be
 * killed in between; the description comes with the very request that makes it.
 */
export const stackDescription = (stack: string): string => `encaplab: ${stack}`;

/**
 * A key pair's name must be unique for its user and consist of letters, digits, blanks, `-` and `_`
 * (nova/api/validation/parameter_types.py). One name per key, so that a new key can come before the old one goes.
 */
export const keyPairName = (stack: string, publicKey: string): string =>
  `${keyPairPrefix(stack)}${digest(publicKey.trim())}`;

/** Whether a key pair of this name was made for the stack. */
export function isKeyPairOf(stack: string, name: string): boolean {
  const prefix = keyPairPrefix(stack);
  return name.startsWith(prefix) && /^[0-9a-f]{8}$/.test(name.slice(prefix.length));
}

const keyPairPrefix = (stack: string) => `${PROJECT_TAG}-${stack}-`.replace(/[^\w-]/g, "-");
