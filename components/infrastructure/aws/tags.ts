/** The lab's tags as EC2 takes them: on each thing, with its name. */
import type * as pulumi from "@pulumi/pulumi";
import type { LabTags } from "../tags";

/** The tags of one thing, whose name in the console is `<stack>-<name>`. */
export type ResourceTags = (name: string) => Record<string, pulumi.Input<string>>;

export const resourceTags =
  (lab: LabTags): ResourceTags =>
  (name) => ({ Name: `${lab.stack}-${name}`, ...lab });
