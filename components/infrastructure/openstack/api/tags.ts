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

/** The tag with the lab's id. */
export const labTag = (lab: string): string => openstackTag("lab", lab);

/**
 * The description of a lab's Neutron resources. Neutron takes tags only after a resource exists, and the provider may be
 * killed in between. The description is part of the request that creates the resource.
 * @param lab the lab's id. Labs of an earlier version have none.
 */
export const descriptionOf = (stack: string, lab?: string): string =>
  `encaplab: ${stack}${lab === undefined ? "" : ` ${lab}`}`;

/** The value of a tag among a resource's tags; undefined if it has no such tag. */
export function tagValue(tags: unknown, key: string): string | undefined {
  const found = Array.isArray(tags) ? tags.find((tag) => String(tag).startsWith(`${key}=`)) : undefined;
  return found === undefined ? undefined : String(found).slice(key.length + 1);
}

/**
 * Name of a key pair. It must be unique for its user and consist of letters, digits, blanks, `-` and `_`
 * (nova/api/validation/parameter_types.py). Each key has its own name, so that a new key can be made before the old one
 * is deleted.
 * The lab's id is in it: two labs of one user may have the same stack name and the user's own key.
 */
export const keyPairName = (stack: string, lab: string, publicKey: string): string =>
  `${keyPairPrefix(stack)}${lab}-${digest(publicKey.trim())}`;

/**
 * For which lab of a stack a key pair of this name was made.
 * @returns undefined if for none. An empty id: for a lab of a version whose labs had none.
 */
export function labOfKeyPair(stack: string, name: string): string | undefined {
  const prefix = keyPairPrefix(stack);
  const rest = name.startsWith(prefix) ? name.slice(prefix.length) : "";
  const found = /^(?:([0-9a-f]{12})-)?[0-9a-f]{8}$/.exec(rest);
  return found ? (found[1] ?? "") : undefined;
}

const keyPairPrefix = (stack: string) => `${PROJECT_TAG}-${stack}-`.replace(/[^\w-]/g, "-");
