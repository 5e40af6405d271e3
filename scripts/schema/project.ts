/** The block `config:` of Pulumi.yaml: type, description and default of each key. */
import { parseDocument } from "yaml";
import type { JsonSchema } from "./comments";
import { kindsOf } from "./stack-schema";

/** A key as the engine reads it from Pulumi.yaml. */
export interface ProjectKey {
  type?: "string" | "integer" | "boolean";
  description: string;
  default: unknown;
}

const COMMENT = ` Written by \`npm run schema\` from components/config. Do not edit.
 The engine requires a default for each key. An empty one means that the default depends on other keys.`;

/**
 * The text of Pulumi.yaml with the block for these keys in place of the one that it has.
 * @param keys as `keySchemas()` returns them.
 */
export function withKeys(text: string, keys: Readonly<Record<string, JsonSchema>>): string {
  const project = parseDocument(text);
  const entries = Object.entries(keys).map(([key, value]) => [key, projectKey(value)]);
  const block = project.createNode(Object.fromEntries(entries));
  block.commentBefore = COMMENT;
  project.set("config", block);
  return project.toString({ lineWidth: 110 });
}

/**
 * A key in the engine's terms.
 *
 * The engine gives the default to the program like a value from the stack's file. It takes a list or section from a file,
 * but refuses the text that `pulumi config set <key> '…'` stores, if the key has that type: such keys have none.
 */
export function projectKey(value: JsonSchema): ProjectKey {
  const kinds = kindsOf(value);
  const { description = "", default: standard } = value;
  if (kinds.includes("object")) return { description, default: {} };
  // Empty text is no number, so a number without a default of its own has no type either.
  const isTyped =
    !kinds.includes("array") &&
    (standard !== undefined || !kinds.includes("integer")) &&
    !isFlagOrWord(value);
  return { ...(isTyped && { type: typeOf(kinds) }), description, default: standard ?? "" };
}

/** Whether a key is a flag that also takes other words: the engine has no type for that. */
const isFlagOrWord = ({ anyOf = [] }: JsonSchema): boolean =>
  anyOf.some(({ type }) => type === "boolean") &&
  anyOf.some(({ enum: words }) => Array.isArray(words) && words.some((word) => !/^(true|false)$/.test(word)));

function typeOf(kinds: readonly unknown[]): ProjectKey["type"] {
  if (kinds.includes("boolean")) return "boolean";
  return kinds.includes("integer") ? "integer" : "string";
}
