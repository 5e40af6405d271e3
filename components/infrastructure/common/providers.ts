/** Dynamic providers of what a lab keeps only in the stack's state. None of it is ever renewed. */
import { randomBytes } from "node:crypto";
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

/**
 * A pre-shared key of 192 random bits, in the characters that AWS takes (EC2 API: VpnTunnelOptionsSpecification): letters,
 * digits, periods and underscores, and no 0 at the beginning.
 */
export const presharedKey: DynamicProvider<object, { key: string }> = {
  create: async () => {
    const text = randomBytes(24).toString("base64").replaceAll("+", ".").replaceAll("/", "_");
    return { key: text.replace(/^0/, "_") };
  },
  changed: async () => false,
  update: async (_inputs, { key }) => ({ key }),
  remove: async () => {},
};

/** When the lab began, by whom, and which lab it is. */
export interface BeginningOutputs {
  /** When the lab was first built, as an ISO 8601 time in UTC. */
  started: string;
  /** Login name of the user who built it. */
  owner: string;
  /** The lab's id. No other lab has it, whatever its stack's name is. */
  lab: string;
}

/**
 * Records when the lab began, by whom, and its id. The tags are made from it, and must not change at each preview. A lab
 * of an earlier version has no id yet, and gets one at its next `up`: that changes tags in place, and no machine.
 */
export const beginning: DynamicProvider<object, BeginningOutputs> = {
  create: async () => ({ started: new Date().toISOString(), owner: loginName(), lab: newLabId() }),
  changed: async (_inputs, { lab }) => lab === undefined,
  update: async (_inputs, { started, owner, lab = newLabId() }) => ({ started, owner, lab }),
  remove: async () => {},
};

/** 48 random bits: in a hundred thousand labs of one account, two are equal with a probability of 1 in 50,000. */
const newLabId = (): string => randomBytes(6).toString("hex");

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
