/** The promise to a user who was not asked: what is built is on this machine. */
import * as pulumi from "@pulumi/pulumi";
import { isElsewhere, ONLY_HERE } from "./remote/types";

/** Whether the command line did not ask, because it takes the lab for one on this machine. */
export const onlyHere = (): boolean => process.env[ONLY_HERE] === "1";

/**
 * Makes the program refuse every resource that is not on this machine, where the command line did not ask: also those that the user has
 * added to it. Call it at the beginning of the program.
 */
export function refuseElsewhere(): void {
  if (!onlyHere()) return;
  pulumi.runtime.registerStackTransformation(({ type, name }) => {
    if (!isElsewhere(type)) return undefined;
    throw new pulumi.RunError(
      `${name} (${type}) was not built: the command line did not ask, because the stack's file says that the lab is on this machine. Plain \`pulumi up\` shows it, and asks.`,
    );
  });
}
