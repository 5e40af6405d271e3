/** The kinds of value that a config key takes. Each error says what the value must be. */
import { z } from "zod";
import { suggestion } from "./nearest";

// `pulumi config set` stores every scalar as text, YAML and `--path` store numbers and booleans: accept both.

/** `true` or `false`. */
export const flag = () =>
  z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")], {
    error: "must be true or false",
  });

/** A whole number; both limits are included. @param why the reason of the limits, for the error. */
export function whole(min: number, max: number, why?: string) {
  const error = `must be a whole number from ${min} to ${max}${why ? `: ${why}` : ""}`;
  const number = z.int({ error }).min(min, { error }).max(max, { error });
  const text = z.string({ error }).regex(/^\d{1,9}$/, { error });
  return z.union([number, text.transform(Number).pipe(number)], { error });
}

/** One of the given texts. The error also suggests the one that is most like the value given. */
export const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, {
    error: ({ input }) => `must be one of ${values.join(", ")}${suggestion(input, values)}`,
  });

/** Not in Unicode's category C: control characters, unassigned ones and the like. */
const PRINTABLE = /^\P{C}*$/u;

/**
 * Text of 1 to 200 printable characters. Not a {@link pattern}, because that would be in the JSON Schema, and not every
 * program that reads one knows Unicode's categories.
 */
export function text(what: string) {
  const error = `must be ${what}`;
  const sized = z.string({ error }).min(1, { error, abort: true }).max(200, { error, abort: true });
  return sized.refine((value) => PRINTABLE.test(value), { error });
}

/** Text that matches `regex`. @param what describes it in the error, after "must be". */
export const pattern = (regex: RegExp, what: string) =>
  z.string({ error: `must be ${what}` }).regex(regex, { error: `must be ${what}` });

const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const ADDRESS = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
const CIDR = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}/(?:3[0-2]|[12]?\\d)$`);
const NAME = /^[a-z](?:[-a-z0-9]{0,30}[a-z0-9])?$/;

/** An IPv4 address in dotted decimal. */
export const address = () => pattern(ADDRESS, "an IPv4 address such as 10.0.3.10");

/** An IPv4 range, as an address and a prefix length. */
export const cidr = () => pattern(CIDR, "an IPv4 CIDR such as 10.0.3.0/24");

/** A name of a subnet or node, which is also a host name. */
export const name = () =>
  pattern(
    NAME,
    "a name of at most 32 lower-case letters, digits and hyphens that starts with a letter and does not end with a hyphen",
  );

/** A minor (`1.35`) or whole version (`1.35.2`), with or without a leading `v`. */
export const version = (example: string) =>
  pattern(
    /^v?\d{1,3}(\.\d{1,3}){1,2}$/,
    `a version such as "${example}" (with quotes, or YAML reads it as a number)`,
  );

/**
 * A list of `min` to `max` elements. A list that is too long is refused before its elements are looked at, so that a list
 * of a hundred thousand wrong entries is one problem and not a hundred thousand.
 */
export function list<T extends z.ZodType>(element: T, min: number, max: number, what: string) {
  const error = `must be a list of ${min} to ${max} ${what}`;
  return z.preprocess(
    (value: z.input<T>[], context) => {
      if (!Array.isArray(value) || value.length <= max) return value;
      context.issues.push({ code: "custom", input: value, message: error });
      return z.NEVER;
    },
    z.array(element, { error }).min(min, { error }).max(max, { error }),
  );
}

/** A list, or the same as text: its elements with commas between them. Empty text is the empty list. */
export function listOrText<T extends z.ZodType>(element: T, max: number, what: string) {
  const elements = list(element, 0, max, what);
  // The first element beyond the limit already shows that there are too many.
  const split = (text: string) =>
    text.trim() === "" ? [] : text.split(",", max + 1).map((part) => part.trim());
  const error = `must be a list of 0 to ${max} ${what}`;
  const fromText = z.string({ error }).transform((text) => split(text) as z.input<T>[]);
  return z.union([elements, fromText.pipe(elements)], { error });
}

/** An object with no other keys than those of `shape`. */
export const section = <T extends z.ZodRawShape>(shape: T) =>
  z.strictObject(shape, {
    error: ({ code }) =>
      code === "invalid_type"
        ? `must be a section; its keys are ${Object.keys(shape).join(", ")}`
        : undefined,
  });
