/** Arithmetic on IPv4 addresses and CIDRs. In here an address is an unsigned 32-bit number, elsewhere dotted text. */
import ipaddr from "ipaddr.js";

/** A range of addresses. */
export interface Cidr {
  /** First address of the range. */
  first: number;
  /** Prefix length in bits, 0 to 32. */
  prefix: number;
}

/** `10.0.3.1` as a number. @throws {Error} when it is not an IPv4 address. */
export function toNumber(address: string): number {
  return ipaddr.IPv4.parse(address)
    .toByteArray()
    .reduce((sum, byte) => sum * 256 + byte, 0);
}

/** The dotted text of a number. */
export function toAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

/** Parses `10.0.3.0/24` and clears host bits, see {@link hasHostBits}. @throws {Error} when it is not an IPv4 CIDR. */
export function parseCidr(text: string): Cidr {
  const [address, prefix] = ipaddr.IPv4.parseCIDR(text);
  const number = toNumber(address.toString());
  return { first: number - (number % 2 ** (32 - prefix)), prefix };
}

/** The text of a range: `10.0.3.0/24`. */
export const formatCidr = ({ first, prefix }: Cidr): string => `${toAddress(first)}/${prefix}`;
/** How many addresses a range has. */
export const sizeOf = ({ prefix }: Cidr): number => 2 ** (32 - prefix);
/** Whether an address is in a range. */
export const contains = (cidr: Cidr, address: number): boolean =>
  address >= cidr.first && address < cidr.first + sizeOf(cidr);
/** Whether two ranges have an address in common. */
export const overlap = (a: Cidr, b: Cidr): boolean => contains(a, b.first) || contains(b, a.first);
/** Whether bits are set after the prefix, as in `10.0.3.5/24`. */
export const hasHostBits = (text: string): boolean => formatCidr(parseCidr(text)) !== text;

/** The block with this index (from 0) and prefix length in a pool. Does not check that the pool is large enough. */
export function blockOf(pool: Cidr, prefix: number, index: number): Cidr {
  return { first: pool.first + index * 2 ** (32 - prefix), prefix };
}

/** The ranges of what has one, each parsed once: a verdict asks thousands of times. */
const RANGES = new WeakMap<object, Cidr>();

/** Whether an address is in the range of something, which never changes. */
export function holds(of: { readonly cidr: string }, address: string): boolean {
  const range = RANGES.get(of) ?? parseCidr(of.cidr);
  RANGES.set(of, range);
  return contains(range, toNumber(address));
}
