/** The kinds of value that a config key takes. Each error says what the value must be. */
import { z } from "zod";

// `pulumi config set` stores every scalar as text, YAML and `--path` store numbers and booleans: accept both.

/** `true` or `false`. */
export const flag = () =>
  z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")], {
    error: "must be true or false",
  });

/** A whole number; both limits are included. */
export function whole(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  const fromText = z
    .string()
    .regex(/^\d{1,9}$/, { error })
    .transform(Number);
  return z
    .union([z.number(), fromText], { error })
    .pipe(z.int({ error }).min(min, { error }).max(max, { error }));
}

/** One of the given texts. */
export const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: `must be one of ${values.join(", ")}` });

/** Text of 1 to 200 printable characters (none of Unicode category C). */
export const text = (what: string) => pattern(/^[^\p{C}]{1,200}$/u, what);

/** Text that matches `regex`. @param what describes it in the error, after "must be". */
export const pattern = (regex: RegExp, what: string) =>
  z.string({ error: `must be ${what}` }).regex(regex, { error: `must be ${what}` });

const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const ADDRESS = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
const CIDR = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}/(?:3[0-2]|[12]?\\d)$`);
const NAME = /^[a-z](?:[-a-z0-9]{0,30}[a-z0-9])?$/;

export const address = () => pattern(ADDRESS, "an IPv4 address such as 10.0.3.10");
export const cidr = () => pattern(CIDR, "an IPv4 CIDR such as 10.0.3.0/24");
export const name = () =>
  pattern(
    NAME,
    "a name of at most 32 lower-case letters, digits and hyphens that starts with a letter and does not end with a hyphen",
  );
export const version = (example: string) =>
  pattern(
    /^v?\d{1,3}(\.\d{1,3}){1,2}$/,
    `a version such as "${example}" (with quotes, or YAML reads it as a number)`,
  );

/**
 * A list of `min` to `max` elements. Its length is checked before its elements, so that a list of a hundred thousand
 * entries is reported at once, as one problem and not as a hundred thousand.
 */
export function list<T extends z.ZodType>(element: T, min: number, max: number, what: string) {
  const error = `must be a list of ${min} to ${max} ${what}`;
  return z.array(z.unknown(), { error }).min(min, { error }).max(max, { error }).pipe(z.array(element));
}

/** An object with no other keys than those of `shape`. */
export const section = <T extends z.ZodRawShape>(shape: T) =>
  z.strictObject(shape, {
    error: ({ code }) =>
      code === "invalid_type"
        ? `must be a section; its keys are ${Object.keys(shape).join(", ")}`
        : undefined,
  });
