/** Dynamic provider that undoes what the lab did to a machine that it did not make. */
import { isDeepStrictEqual } from "node:util";
import type { Part } from "../part";
import { execute, shellCommand, stepScript, type Target, waitForSsh } from "../ssh";

/** Which machine to reset, and how to reach it. */
export interface Tenancy {
  /** The machine's name in messages. */
  name: string;
  target: Target;
  podCidr: string;
}

/** Seconds in which a machine must answer before it is taken for dead and not cleaned. */
const PATIENCE = 20;

/**
 * The lab's use of a machine. Its creation does not touch the machine. It is recorded before anything else touches the
 * machine, so that a destroy also undoes what an interrupted `up` left there. A machine that is gone does not keep you
 * from destroying the rest. A Command would: its delete fails when it cannot log in.
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
      say(`NOT CLEANED, because login failed: ${(error as Error).message}`);
      return;
    }
    const script = stepScript("reset", { NODE_NAME: name, POD_CIDR: podCidr });
    const { code, stderr } = await execute(target, shellCommand(target.user, "delete"), script);
    if (code !== 0) {
      const last = stderr.trim().split("\n").slice(-15).join("\n");
      throw new Error(
        `${name} could not be cleaned (exit ${code}); fix the cause and destroy again:\n${last}`,
      );
    }
  },
};
