/** The JSON Schema of a stack file, for editors. */
import { z } from "zod";
import { PROJECT, schema } from "../../components/config";
import { describeKeys, type JsonSchema } from "./comments";

/** A value that `pulumi config set --secret` has encrypted. */
const SECURE = { $ref: "#/definitions/secure" };

/** A list or section that `pulumi config set <key> '…'` has stored as text. */
const JSON_TEXT = { type: "string", pattern: "^\\s*[\\[{]", description: "The same, as JSON text." };

/** The JSON Schema of what may be written under each key of the config, with its documentation. */
export function keySchemas(): Record<string, JsonSchema> {
  const root = z.toJSONSchema(schema, { io: "input", target: "draft-07" }) as JsonSchema;
  describeKeys(root);
  return Object.fromEntries(
    Object.entries(root.properties ?? {}).map(([key, value]) => [key, { ...value, ...defaultOf(key) }]),
  );
}

/** zod leaves out the default of a key that converts its value, such as a boolean that may be text. */
function defaultOf(key: string): { default?: unknown } {
  const type: unknown = Reflect.get(schema.shape, key);
  return type instanceof z.ZodDefault ? { default: type.def.defaultValue } : {};
}

/** The JSON Schema of a whole stack file. @param keys as {@link keySchemas} returns them. */
export function stackSchema(keys: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const own = Object.entries(keys).map(([key, value]) => [`${PROJECT}:${key}`, inFile(value)]);
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "A stack of encaplab",
    description: "Written by `npm run schema` from components/config. Do not edit.",
    type: "object",
    properties: {
      config: {
        type: "object",
        properties: Object.fromEntries(own),
        // Keys of providers, e.g. aws:profile.
        patternProperties: { [`^(?!${PROJECT}:)[^:]+:`]: {} },
        additionalProperties: false,
      },
      environment: { description: "Pulumi ESC environments." },
      secretsprovider: { type: "string" },
      encryptedkey: { type: "string" },
      encryptionsalt: { type: "string" },
    },
    additionalProperties: false,
    definitions: {
      secure: {
        type: "object",
        properties: { secure: { type: "string" } },
        required: ["secure"],
        additionalProperties: false,
      },
    },
  };
}

/** What a file may have for a key: the value itself, the same as JSON text, or encrypted. */
function inFile(value: JsonSchema): JsonSchema {
  const { description, default: standard, ...rest } = withSecrets(value);
  const isNested = kindsOf(value).some((type) => type === "object" || type === "array");
  return {
    description,
    ...(standard !== undefined && { default: standard }),
    anyOf: [...variantsOf(rest), ...(isNested ? [JSON_TEXT] : []), SECURE],
  };
}

/** Lets every value inside that is marked as secret be encrypted. */
function withSecrets(value: JsonSchema): JsonSchema {
  const { properties, items, anyOf } = value;
  const inside = properties && Object.entries(properties).map(([key, one]) => [key, withSecrets(one)]);
  const copy: JsonSchema = {
    ...value,
    ...(inside && { properties: Object.fromEntries(inside) }),
    ...(items && { items: withSecrets(items) }),
    ...(anyOf && { anyOf: anyOf.map(withSecrets) }),
  };
  if (!value.writeOnly) return copy;
  const { description, writeOnly, ...rest } = copy;
  return { description, writeOnly, anyOf: [rest, SECURE] };
}

const variantsOf = (value: JsonSchema): JsonSchema[] => value.anyOf ?? [value];

/** The JSON types that a value may have. */
export const kindsOf = (value: JsonSchema): unknown[] => variantsOf(value).map(({ type }) => type);
