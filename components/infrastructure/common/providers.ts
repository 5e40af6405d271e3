/** Dynamic providers of what a lab keeps only in the stack's state. None of it is ever renewed. */
import * as os from "node:os";
import * as sshpk from "sshpk";
import type { DynamicProvider } from "../../remote/dynamic";

/** The halves of a key pair. */
export interface KeyPairOutputs {
  /** OpenSSH's own format, which ssh, cloud-init and every SSH library read. */
  privateKey: string;
  /** As in authorized_keys: `ssh-ed25519 AAAA… encaplab`. */
  publicKey: string;
}

/** An Ed25519 key pair: short enough for user data, and accepted by both EC2 and Nova. */
export const keyPair: DynamicProvider<object, KeyPairOutputs> = {
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

/** When the lab began, and by whom. */
export interface BeginningOutputs {
  /** When the lab was first built, as an ISO 8601 time in UTC. */
  started: string;
  /** Login name of the user who built it. */
  owner: string;
}

/** Records when the lab began, and by whom. The tags are made from it, and must not change at each preview. */
export const beginning: DynamicProvider<object, BeginningOutputs> = {
  create: async () => ({ started: new Date().toISOString(), owner: loginName() }),
  changed: async () => false,
  update: async (_inputs, { started, owner }) => ({ started, owner }),
  remove: async () => {},
};

/** The user's login name. A user without an entry in the user database (as in a container) has none. */
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
