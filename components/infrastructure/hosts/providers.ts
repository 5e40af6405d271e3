/** Dynamic provider that records the host key of an existing machine at the first login, and refuses another one later. */
import { fingerprint, HostKeyMismatch, openSession, type Target, waitForSsh } from "../../remote";
import type { DynamicProvider } from "../../remote/dynamic";

/** Whose key to record. */
export interface HostKeyInputs {
  /** The machine's name in messages. */
  name: string;
  /** Identifies the machine. */
  machine: string;
  /** Without a host key. */
  target: Target;
}

/** What was recorded. */
export interface HostKeyOutputs {
  /** `ssh-ed25519 AAAA…` */
  hostKey: string;
}

/** Seconds in which an existing machine must accept the first login. */
const LIMIT = 60;

/** Milliseconds in which a machine must show its key when it is checked again. If it is silent, the next login checks. */
const PATIENCE = 5000;

/** The engine shows what a provider's process writes to its standard error while it runs. */
const say = (line: string) => process.stderr.write(`${line}\n`);

/** The recorded host key. Only a machine at another address gets a new one. */
export const hostKey: DynamicProvider<HostKeyInputs, HostKeyOutputs> = {
  create: record,
  async changed({ machine, target }, recorded) {
    if (machine !== recorded.machine) return true;
    await requireKey(target, recorded.hostKey);
    return false;
  },
  update: record,
  remove: async () => {},
};

async function record({ name, target }: HostKeyInputs): Promise<HostKeyOutputs> {
  const found = await waitForSsh(target, LIMIT, (sentence) => say(`${name}: ${sentence}`));
  const [type] = found.split(" ");
  say(
    `${name}: the config names no hostKey for ${target.host}. Its key at this first login, ${type} ${fingerprint(found)}, is recorded, and no other is accepted from now on. Compare it with the machine's own keys: for key in /etc/ssh/ssh_host_*.pub; do ssh-keygen -lf $key; done`,
  );
  return { hostKey: found };
}

/**
 * Checks the key before the steps do: the command provider's error for a wrong key names neither the machine nor the keys.
 * @throws {HostKeyMismatch} when the machine has another key. Any other failure is left to the resource that needs a login.
 */
async function requireKey(target: Target, key: string): Promise<void> {
  try {
    (await openSession({ ...target, hostKey: key }, PATIENCE)).end();
  } catch (error) {
    if (error instanceof HostKeyMismatch) throw error;
  }
}
