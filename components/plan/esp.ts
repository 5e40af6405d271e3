/** How much of a link's MTU is left inside ESP: derived from what ESP puts around a packet. */
import { cipherParts, proposalParts } from "./proposal";

/** The bytes that ESP in tunnel mode adds, apart from its padding. */
interface EspFacts {
  /** The initialisation vector, and the size to which the packet is padded. */
  iv: number;
  block: number;
  /** The integrity check value at the end. */
  icv: number;
}

/** AES in CBC mode: an IV of 16 bytes, in blocks of 16 (RFC 3602, sections 2 and 3). */
const AES_CBC = { iv: 16, block: 16 };

/** AES in GCM mode: an IV of 8 bytes (RFC 4106, section 3.1), and no blocks; ESP then pads to 4 bytes (RFC 4303, section 2.4). */
const AES_GCM = { iv: 8, block: 4 };

/** Bytes of the truncated hash (RFC 2404: 96 bits; RFC 4868, section 2.3: half of the hash). */
const ICV: Readonly<Record<string, number>> = { sha1: 12, sha256: 16, sha384: 24, sha512: 32 };

/** IPv4's outer header, UDP's of NAT traversal (RFC 3948), ESP's SPI and sequence number, and the trailer's two bytes (RFC 4303). */
const OUTER = 20;
const UDP = 8;
const HEADER = 8;
const TRAILER = 2;

function factsOf(proposal: string): EspFacts {
  const { cipher, hash } = proposalParts(proposal);
  const { gcm } = cipherParts(cipher);
  return gcm === undefined ? { ...AES_CBC, icv: ICV[hash] ?? 0 } : { ...AES_GCM, icv: gcm };
}

/** The bytes that ESP adds around a packet's own, without the padding: all that does not depend on the packet's length. */
const fixed = ({ iv, icv }: EspFacts, natTraversal: boolean): number =>
  OUTER + (natTraversal ? UDP : 0) + HEADER + iv + icv;

/**
 * The largest packet that fits into ESP in tunnel mode on a path, in bytes.
 * @param path the MTU of the path between the two ends.
 * @param proposal the ESP proposal, e.g. `aes128-sha256` or `aes128gcm16`.
 * @param natTraversal whether ESP is inside UDP 4500.
 */
export function innerMtu(path: number, proposal: string, natTraversal: boolean): number {
  const facts = factsOf(proposal);
  const room = path - fixed(facts, natTraversal);
  return room - (room % facts.block) - TRAILER;
}

/** The bytes that ESP adds to a packet of this length, with its padding, and without the outer IPv4 and UDP headers. */
export function espBytes(length: number, proposal: string): number {
  const { iv, block, icv } = factsOf(proposal);
  const padded = Math.ceil((length + TRAILER) / block) * block;
  return HEADER + iv + (padded - length) + icv;
}
