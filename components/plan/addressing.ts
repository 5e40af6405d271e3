/** Arithmetic of IPv4 addresses and CIDRs. Addresses are dotted text outside and 32-bit numbers inside. */
import ipaddr from "ipaddr.js";

export interface Cidr {
  /** First address of the range as a number. */
  first: number;
  /** Prefix length in bits, 0 to 32. */
  prefix: number;
}

export function toNumber(address: string): number {
  return ipaddr.IPv4.parse(address)
    .toByteArray()
    .reduce((sum, byte) => sum * 256 + byte, 0);
}

export function toAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

/** Parses `10.0.3.0/24`; host bits are cut off, see {@link hasHostBits}. */
export function parseCidr(text: string): Cidr {
  const [address, prefix] = ipaddr.IPv4.parseCIDR(text);
  const number = toNumber(address.toString());
  return { first: number - (number % 2 ** (32 - prefix)), prefix };
}

export const formatCidr = ({ first, prefix }: Cidr): string => `${toAddress(first)}/${prefix}`;
export const sizeOf = ({ prefix }: Cidr): number => 2 ** (32 - prefix);
export const contains = (cidr: Cidr, address: number): boolean =>
  address >= cidr.first && address < cidr.first + sizeOf(cidr);
export const overlap = (a: Cidr, b: Cidr): boolean => contains(a, b.first) || contains(b, a.first);
export const hasHostBits = (text: string): boolean => formatCidr(parseCidr(text)) !== text;

/** The `index`-th block of `prefix` bits inside a pool. */
export function blockOf(pool: Cidr, prefix: number, index: number): Cidr {
  return { first: pool.first + index * 2 ** (32 - prefix), prefix };
}
