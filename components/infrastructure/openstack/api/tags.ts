/** How the lab's resources are marked in OpenStack, where a tag is plain text and a key pair has no tags. */
import { createHash } from "node:crypto";
import { PROJECT_TAG } from "../../common";

/** Maximum length of a tag in Nova (nova/objects/tag.py). Neutron's limit is larger. */
const MAX_LENGTH = 60;

const digest = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 8);

/**
 * `key=value` in a form that every API takes: without comma or slash (nova/api/validation/parameter_types.py), and not
 * too long.
 */
export function openstackTag(key: string, value: string): string {
  const text = `${key}=${value}`.replace(/[,/]/g, "-");
  if (text.length <= MAX_LENGTH) return text;
  const end = `-${digest(value)}`; // keeps two long values with the same beginning apart
  return text.slice(0, MAX_LENGTH - end.length) + end;
}

/** The tags by which every resource of a stack is found, even after its state is gone. */
export const stackTags = (stack: string): string[] => [
  openstackTag("project", PROJECT_TAG),
  openstackTag("stack", stack),
];

/**
 * The description of the stack's Neutron resources. Neutron takes tags only after a resource exists, and the provider
 * may be killed in between. The description is part of the request that creates the resource.
 */
export const stackDescription = (stack: string): string => `encaplab: ${stack}`;

/**
 * Name of a key pair. It must be unique for its user and consist of letters, digits, blanks, `-` and `_`
 * (nova/api/validation/parameter_types.py). Each key has its own name, so that a new key can be made before the old one
 * is deleted.
 */
export const keyPairName = (stack: string, publicKey: string): string =>
  `${keyPairPrefix(stack)}${digest(publicKey.trim())}`;

/** Whether a key pair of this name was made for the stack. */
export function isKeyPairOf(stack: string, name: string): boolean {
  const prefix = keyPairPrefix(stack);
  return name.startsWith(prefix) && /^[0-9a-f]{8}$/.test(name.slice(prefix.length));
}

const keyPairPrefix = (stack: string) => `${PROJECT_TAG}-${stack}-`.replace(/[^\w-]/g, "-");
