/** The kinds of value that a config key takes. Each says in its error what is allowed. */
import { z } from "zod";

// `pulumi config set` stores every scalar as text, YAML and `--path` store numbers and booleans: leaves take both.
export const flag = () =>
  z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")], {
    error: "allowed are true and false",
  });

export function whole(min: number, max: number) {
  const error = `allowed are the whole numbers from ${min} to ${max}`;
  const fromText = z
    .string()
    .regex(/^\d{1,9}$/, { error })
    .transform(Number);
  return z
    .union([z.number(), fromText], { error })
    .pipe(z.int({ error }).min(min, { error }).max(max, { error }));
}

export const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: `allowed are ${values.join(", ")}` });

export const text = (what: string) => pattern(/^[^\p{C}]{1,200}$/u, what);

export const pattern = (regex: RegExp, what: string) =>
  z.string({ error: `allowed is ${what}` }).regex(regex, { error: `allowed is ${what}` });

const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const ADDRESS = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
const CIDR = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}/(?:3[0-2]|[12]?\\d)$`);
const NAME = /^[a-z](?:[-a-z0-9]{0,30}[a-z0-9])?$/;

export const address = () => pattern(ADDRESS, "an IPv4 address such as 10.0.3.10");
export const cidr = () => pattern(CIDR, "an IPv4 CIDR such as 10.0.3.0/24");
export const name = () =>
  pattern(
    NAME,
    "a name of at most 32 lower-case letters, digits and hyphens that starts with a letter and ends without a hyphen",
  );
export const version = (example: string) =>
  pattern(
    /^v?\d{1,3}(\.\d{1,3}){1,2}$/,
    `a version such as "${example}" (quoted, or YAML makes a number of it)`,
  );

/**
 * A list whose length is judged before its elements, so that a list of a hundred thousand entries is one problem found
 * at once and not a hundred thousand.
 */
export function list<T extends z.ZodType>(element: T, min: number, max: number, what: string) {
  const error = `allowed is a list of ${min} to ${max} ${what}`;
  return z.array(z.unknown(), { error }).min(min, { error }).max(max, { error }).pipe(z.array(element));
}

export const section = <T extends z.ZodRawShape>(shape: T) =>
  z.strictObject(shape, {
    error: ({ code }) =>
      code === "invalid_type" ? `allowed is a section with ${Object.keys(shape).join(", ")}` : undefined,
  });
