/** The life of what a lab keeps in the stack's state alone, as the dynamic provider calls it. Nothing of it is renewed. */
import * as os from "node:os";
import * as sshpk from "sshpk";
import type { Part } from "./part";

export interface KeyPairOutputs {
  /** OpenSSH's own format, which ssh, cloud-init and every SSH library read. */
  privateKey: string;
  /** As in authorized_keys: `ssh-ed25519 AAAA… encaplab`. */
  publicKey: string;
}

/** An Ed25519 key pair: short enough for user data, taken by EC2 and Nova alike. */
export const keyPair: Part<object, KeyPairOutputs> = {
  create: async () => {
    const key = sshpk.generatePrivateKey("ed25519");
    key.comment = "encaplab";
    const publicKey = key.toPublic();
    publicKey.comment = "encaplab";
    return { privateKey: key.toString("openssh"), publicKey: publicKey.toString("ssh") };
  },
  changed: async () => false,
  update: async (_inputs, { privateKey, publicKey }) => ({ privateKey, publicKey }),
  remove: async () => {},
};

export interface BeginningOutputs {
  /** When the lab was first built, as an ISO 8601 time in UTC. */
  started: string;
  /** The login name of whoever built it. */
  owner: string;
}

/** When the lab began, and by whom: from it the tags are made, which must not change with each preview. */
export const beginning: Part<object, BeginningOutputs> = {
  create: async () => ({ started: new Date().toISOString(), owner: loginName() }),
  changed: async () => false,
  update: async (_inputs, { started, owner }) => ({ started, owner }),
  remove: async () => {},
};

/** A user without an entry in the user database (a container's) has no name. */
function loginName(): string {
  try {
    return (
      os
        .userInfo()
        .username.replace(/[^\w.@+-]/g, "-")
        .slice(0, 60) || "unknown"
    );
  } catch {
    return "unknown";
  }
}
