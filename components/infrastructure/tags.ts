/** The tags that say whose a thing in a cloud is, so that what is left over can be found by them. */
import type * as pulumi from "@pulumi/pulumi";
import type { Beginning } from "./expiry";

/** The value of the tag `project` on everything that this program makes. */
export const PROJECT_TAG = "encaplab";

export interface LabTags {
  project: typeof PROJECT_TAG;
  stack: string;
  owner: pulumi.Input<string>;
  /** When the lab is overdue, in UTC. */
  expiry?: pulumi.Input<string>;
}

export function labTags(
  stack: string,
  beginning: Pick<Beginning, "owner">,
  owner: string | undefined,
  expiry: pulumi.Input<string> | undefined,
): LabTags {
  return { project: PROJECT_TAG, stack, owner: owner ?? beginning.owner, ...(expiry && { expiry }) };
}
