/** Tags that say to which lab a cloud resource belongs, so that leftovers can be found. */
import type * as pulumi from "@pulumi/pulumi";
import type { Beginning } from "./expiry";

/** The value of the tag `project` on everything that this program makes. */
export const PROJECT_TAG = "encaplab";

/** The lab's tags, before a cloud's own format. */
export interface LabTags {
  project: typeof PROJECT_TAG;
  stack: string;
  /** The lab's id: another lab may have the same stack name. */
  lab: pulumi.Input<string>;
  owner: pulumi.Input<string>;
  /** When the lab is overdue, in UTC. */
  expiry?: pulumi.Input<string>;
}

/** The lab's tags. @param owner from the config. Default: the user who first built the lab. */
export function labTags(
  stack: string,
  beginning: Pick<Beginning, "lab" | "owner">,
  owner: string | undefined,
  expiry: pulumi.Input<string> | undefined,
): LabTags {
  const { lab } = beginning;
  return { project: PROJECT_TAG, stack, lab, owner: owner ?? beginning.owner, ...(expiry && { expiry }) };
}
