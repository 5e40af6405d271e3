/** Turns zod's issues with a config into {@link Problem}s. */
import type { z } from "zod";
import { formatPath, type Problem } from "./error";

/** @param schema the schema that parsed `values`. It tells which keys exist where an unknown key was found. */
export function toProblems(
  schema: z.ZodType,
  values: unknown,
  issue: z.core.$ZodIssue,
  base: readonly PropertyKey[] = [],
): Problem[] {
  const path = [...base, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      key: formatPath([...path, key]),
      value: valueAt(values, [...path, key]),
      message: `there is no such key; the keys here are ${keysAt(schema, path).join(", ")}`,
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
 * The issues of the variant that the user meant. For an object that is the last variant, for text the one that checks a
 * pattern, for a list the one that checks its elements.
 */
function meantVariant(value: unknown, variants: z.core.$ZodIssue[][]): z.core.$ZodIssue[] {
  if (typeof value === "string")
    return variants.find((issues) => issues.some(({ code }) => code === "invalid_format")) ?? [];
  if (Array.isArray(value))
    return variants.find((issues) => issues.some(({ path }) => path.length > 0)) ?? [];
  return (typeof value === "object" && value !== null && variants.at(-1)) || [];
}

function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at: unknown = schema;
  for (const step of path) at = typeof step === "number" ? elementOf(at) : shapeOf(at)?.[String(step)];
  return Object.keys(shapeOf(at) ?? {});
}

/** The definition inside the wrappers `default`, `prefault`, `optional`, a list's pipe, or a union's object variant. */
function unwrap(type: unknown): z.core.$ZodTypeDef & Record<string, unknown> {
  const def = (type as z.ZodType).def as z.core.$ZodTypeDef & Record<string, unknown>;
  if (def.innerType) return unwrap(def.innerType);
  if (def.type === "pipe") return unwrap(def.out);
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
