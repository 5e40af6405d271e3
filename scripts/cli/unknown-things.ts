/** What a cloud has of a lab, unknown to the lab's state: a run that was killed has left it. */
import { enumerate, labIdsIn } from "../../components/infrastructure/leftovers";
import type { Unknown } from "./clouds";
import type { Deployment } from "./deployment";
import { Failure } from "./failure";
import { typed } from "./invocation";
import { say } from "./terminal";

/** Says what the cloud has of the lab and the state does not know. A lab without an id has nothing that could be told. */
export async function whatStateMisses(stack: string, before: Deployment): Promise<Unknown | undefined> {
  if (labIdsIn(before.resources ?? []).length === 0) return undefined;
  const { unknownOf } = require("./clouds") as typeof import("./clouds");
  const unknown = await unknownOf(stack, before).catch((error: unknown) => {
    if (!(error instanceof Failure)) throw error;
    // Do not refuse: what runs on costs money, and the lab's id is kept, so that it can be asked for later.
    say(
      `The cloud cannot be asked what else it has of ${stack} (${error.message}); \`${typed(`leftovers ${stack}`)}\` asks again.`,
    );
    return undefined;
  });
  if (unknown && unknown.things.length > 0)
    say(`A killed run has left, unknown to the state: ${enumerate(unknown.things)}. It is deleted first.`);
  return unknown;
}
