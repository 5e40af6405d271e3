/** SSH key pairs. */
import { utils } from "ssh2";

/** The halves of a key pair. */
export interface KeyPairText {
  /** OpenSSH's own format, which ssh, cloud-init and every SSH library read. */
  privateKey: string;
  /** As in authorized_keys: `ssh-ed25519 AAAA… <comment>`. */
  publicKey: string;
}

/** A new Ed25519 key pair. @param comment the last word of the public key. */
export function newKeyPair(comment: string): KeyPairText {
  for (;;) {
    const { private: privateKey, public: publicKey } = utils.generateKeyPairSync("ed25519", { comment });
    // ssh2 1.17 drops a zero byte at the beginning of a public key (lib/keygen.js, parseDERs; mscdex/ssh2#1390). One key of
    // 256 begins so, and no program reads it then: make another.
    if (!(utils.parseKey(privateKey) instanceof Error)) return { privateKey, publicKey };
  }
}
