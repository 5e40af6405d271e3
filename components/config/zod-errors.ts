/** Turns zod's issues with a config into {@link Problem}s. */
import type { z } from "zod";
import { formatPath, type Problem } from "./error";
import { suggestion } from "./nearest";

/**
 * The problems that an issue stands for.
 * @param schema the schema that parsed `values`. It tells which keys exist where an unknown key was found.
 * @param base the path of the value that the issue's own path begins at.
 */
export function toProblems(
  schema: z.ZodType,
  values: unknown,
  issue: z.core.$ZodIssue,
  base: readonly PropertyKey[] = [],
): Problem[] {
  const path = [...base, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    const known = keysAt(schema, path);
    return issue.keys.map((key) => ({
      key: formatPath([...path, key]),
      value: valueAt(values, [...path, key]),
      message: `there is no such key; the keys here are ${known.join(", ")}${suggestion(key, known)}`,
    }));
  }
  const value = issue.input;
  // A union reports only that no variant fits: report what is wrong with the variant that the user meant.
  if (issue.code === "invalid_union") {
    const meant = meantVariant(value, issue.errors);
    if (meant.length > 0) return meant.flatMap((nested) => toProblems(schema, values, nested, path));
  }
  return [{ key: formatPath(path), value, message: issue.message }];
}

/**
 * The issues of the variant that the user meant. For an object that is the last variant, for a list the one that checks its
 * elements, for text the one that checks a pattern, or the elements that the text stands for.
 */
function meantVariant(value: unknown, variants: z.core.$ZodIssue[][]): z.core.$ZodIssue[] {
  const isInside = ({ path }: z.core.$ZodIssue) => path.length > 0;
  const isPattern = ({ code }: z.core.$ZodIssue) => code === "invalid_format";
  if (typeof value === "string")
    return variants.find((issues) => issues.some((one) => isPattern(one) || isInside(one))) ?? [];
  if (Array.isArray(value)) return variants.find((issues) => issues.some(isInside)) ?? [];
  return (typeof value === "object" && value !== null && variants.at(-1)) || [];
}

function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at: unknown = schema;
  for (const step of path) at = typeof step === "number" ? elementOf(at) : shapeOf(at)?.[String(step)];
  return Object.keys(shapeOf(at) ?? {});
}

/** The definition inside the wrappers `default`, `prefault`, `optional`, a pipe, or a union's object variant. */
function unwrap(type: unknown): z.core.$ZodTypeDef & Record<string, unknown> {
  const def = (type as z.ZodType).def as z.core.$ZodTypeDef & Record<string, unknown>;
  if (def.innerType) return unwrap(def.innerType);
  // A pipe either checks what a function has prepared, as a list does, or ends in a function.
  if (def.type === "pipe") return unwrap((def.out as z.ZodType).def.type === "transform" ? def.in : def.out);
  if (def.type === "union") return unwrap((def.options as unknown[]).at(-1));
  return def;
}
const shapeOf = (type: unknown) => unwrap(type).shape as Record<string, unknown> | undefined;
const elementOf = (type: unknown) => unwrap(type).element;

function valueAt(values: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, step) =>
      at !== null && typeof at === "object" && Object.hasOwn(at, step) ? Reflect.get(at, step) : undefined,
    values,
  );
}
