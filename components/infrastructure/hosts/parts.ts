/** The life of what the lab did to a machine that it did not make, as the dynamic provider calls it. */
import { isDeepStrictEqual } from "node:util";
import type { Part } from "../part";
import { execute, shellCommand, stepScript, type Target, waitForSsh } from "../ssh";

export interface Tenancy {
  /** The machine, as messages call it. */
  name: string;
  target: Target;
  podCidr: string;
}

/** Seconds in which a machine that lives must answer when it is to be cleaned. */
const PATIENCE = 20;

/**
 * A machine's use by the lab. It begins without touching the machine, and is recorded before anything does, so that
 * whatever an interrupted `up` left there is found and taken back. A machine that is gone keeps nobody from destroying
 * the rest, which no Command can promise: its delete fails when it cannot log in.
 */
export const tenancy: Part<Tenancy, object> = {
  create: async () => ({}),
  changed: async ({ name, target, podCidr }, recorded) =>
    !isDeepStrictEqual([name, target, podCidr], [recorded.name, recorded.target, recorded.podCidr]),
  update: async () => ({}),
  async remove({ name, target, podCidr }) {
    const say = (line: string) => process.stderr.write(`${name}: ${line}\n`);
    try {
      await waitForSsh(target, PATIENCE, say);
    } catch (error) {
      say(`NOT CLEANED, since nobody can log in there: ${(error as Error).message}`);
      return;
    }
    const script = stepScript("reset", { NODE_NAME: name, POD_CIDR: podCidr });
    const { code, stderr } = await execute(target, shellCommand(target.user, "delete"), script);
    if (code !== 0) {
      const last = stderr.trim().split("\n").slice(-15).join("\n");
      throw new Error(
        `${name} could not be cleaned (exit ${code}); mend the cause and destroy again:\n${last}`,
      );
    }
  },
};
