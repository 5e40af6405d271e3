/** The keys that the sections of AWS and OpenStack share: who may reach the machines, and what is said about them. */
import { cidr, list, pattern } from "./value";

/** The shared keys, to spread into a section. */
export const access = {
  /** Who may reach SSH, the API and NodePorts: a list of IPv4 CIDRs. Default: your own public address, never everyone. */
  accessCidrs: list(cidr(), 1, 50, "CIDRs").optional(),
  /** An OpenSSH public key to log in with. Default: a key pair made for the stack. */
  publicKey: pattern(
    /^(ssh-(ed25519|rsa)|ecdsa-sha2-\S+) \S+/,
    "an OpenSSH public key such as ssh-ed25519 AAAA…",
  ).optional(),
  /** The image's login name. Default: `ubuntu`. */
  user: pattern(/^[a-z_][-a-z0-9_]{0,31}$/, "a login name such as ubuntu").optional(),
  /**
   * How long the lab may live, in hours (`8h`) or days (`3d`). The lab is tagged with its expiry, and every preview says
   * when that is past. Nothing is taken down by itself. Default: no limit.
   */
  ttl: pattern(/^[1-9]\d{0,3}[hd]$/, "a time such as 8h or 3d").optional(),
  /** The lab's owner, as a tag. Default: the login name of the user who first built it. */
  owner: pattern(/^[\w.@+-]{1,60}$/, "at most 60 letters, digits and . _ @ + -").optional(),
};
