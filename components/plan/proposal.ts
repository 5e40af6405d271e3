/** A proposal of IKE or ESP, as swanctl.conf has it: its parts, and what is known of each. */

/** The parts of a proposal. A part that it does not have is empty. */
export interface ProposalParts {
  /** `aes128`, or AES-GCM with the bytes of its integrity check value: `aes128gcm16`. */
  cipher: string;
  /** `sha256`. Of AES-GCM in IKE it is the pseudo-random function's; AES-GCM in ESP has none. */
  hash: string;
  /** The Diffie-Hellman group, `modp2048`. */
  group: string;
}

/** A proposal's parts. */
export function proposalParts(proposal: string): ProposalParts {
  const [cipher = "", ...rest] = proposal.split("-");
  const part = (pattern: RegExp) => rest.find((one) => pattern.test(one)) ?? "";
  return { cipher, hash: part(/^(?:prf)?sha/).replace("prf", ""), group: part(/^modp/) };
}

/** A proposal without its Diffie-Hellman group. */
export const withoutGroup = (proposal: string): string => proposal.replace(/-modp\d+$/, "");

/** A cipher with its key's bits and, where it is AES-GCM, the bytes of its integrity check value. */
export function cipherParts(cipher: string): { bits: number; gcm?: number } {
  const [, bits, gcm] = /^aes(\d+)(?:gcm(\d+))?$/.exec(cipher) ?? [];
  return { bits: Number(bits), ...(gcm !== undefined && { gcm: Number(gcm) }) };
}

/** Whether a cipher is AES-GCM, which checks the integrity itself. */
export const isGcm = (cipher: string): boolean => cipherParts(cipher).gcm !== undefined;

/** The numbers of the groups (IANA: "Transform Type 4"). */
export const GROUP_NUMBERS: Readonly<Record<string, number>> = {
  modp1024: 2,
  modp1536: 5,
  modp2048: 14,
  modp3072: 15,
  modp4096: 16,
};
