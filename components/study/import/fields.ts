/** The kinds of value in other programs' objects, tolerant where these programs are. */
import ipaddr from "ipaddr.js";
import { z } from "zod";

/** Text. */
export const text = () => z.string({ error: "must be text" });

/** A number, or text with one, as some tools write it. */
export const number = () =>
  z.union(
    [
      z.number(),
      z
        .string()
        .regex(/^\d{1,10}$/)
        .transform(Number),
    ],
    { error: "must be a number" },
  );

/** A whole number between two others. */
export const between = (min: number, max: number) =>
  number().refine((value) => Number.isInteger(value) && value >= min && value <= max, {
    error: `must be a whole number from ${min} to ${max}`,
  });

/** A boolean, also as the text that some tools write. */
export const flag = () =>
  z.union([z.boolean(), z.enum(["true", "True", "false", "False"]).transform((value) => /^t/i.test(value))], {
    error: "must be true or false",
  });

/** An IPv4 or IPv6 range. */
export const range = () =>
  z
    .string({ error: "must be a CIDR" })
    .refine((value) => isRange(value), { error: "must be a CIDR such as 10.0.3.0/24" });

/** An object that has more fields than these. `null` stands for nothing, as in JSON of several tools. */
export const object = <T extends z.ZodRawShape>(shape: T) => z.object(shape, { error: "must be a section" });

/** An optional field, which may be null. */
export const maybe = <T extends z.ZodType>(schema: T) =>
  schema.nullish().transform((value) => value ?? undefined);

/** A list. */
export const list = <T extends z.ZodType>(element: T) => z.array(element, { error: "must be a list" });

const isRange = (value: string): boolean => ipaddr.IPv4.isValidCIDR(value) || ipaddr.IPv6.isValidCIDR(value);

/** Octets without leading zeros, which some programs take for octal. */
const QUAD = /^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/;

/** Whether a text is an IPv4 address, without a prefix length. */
export const isAddress = (value: string): boolean => QUAD.test(value) && ipaddr.IPv4.isValid(value);

/** Whether a text is an IPv4 address with a prefix length. */
export const isCidr = (value: string): boolean =>
  QUAD.test(value.replace(/\/\d{1,2}$/, "")) && ipaddr.IPv4.isValidCIDR(value);

/** Whether a text is an IPv4 address, with or without a prefix length. */
export const isIpv4 = (value: string): boolean => isAddress(value) || isCidr(value);

/** An MTU; undefined for 0, which means that Calico finds it out. */
export const positive = (value: number | undefined): number | undefined =>
  value !== undefined && value > 0 ? value : undefined;
