/** The lab's tags for EC2: on each resource, together with its name. */
import type * as pulumi from "@pulumi/pulumi";
import type { LabTags } from "../common";

/** The tags of one resource, whose name in the console is `<stack>-<name>`. */
export type ResourceTags = (name: string) => Record<string, pulumi.Input<string>>;

/** Makes {@link ResourceTags} from the lab's tags. */
export const resourceTags =
  (lab: LabTags): ResourceTags =>
  (name) => ({ Name: `${lab.stack}-${name}`, ...lab });
