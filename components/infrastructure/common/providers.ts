/** Dynamic providers of what a lab keeps only in the stack's state. None of it is ever renewed. */
import * as os from "node:os";
import { type KeyPairText, newKeyPair } from "../../remote";
import type { DynamicProvider } from "../../remote/dynamic";

/** An Ed25519 key pair: short enough for user data, and accepted by both EC2 and Nova. */
export const keyPair: DynamicProvider<object, KeyPairText> = {
  create: async () => newKeyPair("encaplab"),
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
