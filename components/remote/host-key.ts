/** Host keys: how they are written, and the error when a machine has another one than it must have. */
import { createHash } from "node:crypto";
import { utils } from "ssh2";
import { LoginError } from "./login-error";

/** A key that a server showed, as in known_hosts and in the config: `ssh-ed25519 AAAA…`. */
export function describeKey(key: Buffer): string {
  const parsed = utils.parseKey(key);
  return `${parsed instanceof Error ? "unknown" : parsed.type} ${key.toString("base64")}`;
}

/** A key's fingerprint as `ssh-keygen -l` prints it: `SHA256:…`. @param hostKey as `ssh-ed25519 AAAA…`. */
export function fingerprint(hostKey: string): string {
  const [, base64 = ""] = hostKey.trim().split(/\s+/);
  const digest = createHash("sha256").update(Buffer.from(base64, "base64")).digest("base64");
  return `SHA256:${digest.replace(/=+$/, "")}`;
}

/**
 * The signature algorithms to ask a server for, so that it shows its key of this type: a server has keys of several
 * types. An RSA key signs with SHA-2 (RFC 8332); sshd no longer offers the SHA-1 that the type is named after.
 */
export const algorithmsFor = (type: string): string[] =>
  type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"] : [type];

/** The machine has another host key than the one that was expected. Another attempt is pointless. */
export class HostKeyMismatch extends LoginError {
  /** @param expected @param answer both as `ssh-ed25519 AAAA…`. */
  constructor(host: string, expected: string, answer: string) {
    super(
      `${host} has the host key ${fingerprint(answer)}, but ${fingerprint(expected)} was expected: another machine has its address, or it was reinstalled; if it is your own and you have reinstalled it, accept its new key: set its hostKey in encaplab:hosts to "${answer}"`,
      true,
    );
  }
}
