/** The lab's tags as OpenStack takes them: plain texts, the same on each thing. */
import * as pulumi from "@pulumi/pulumi";
import { openstackTag, stackTags } from "../openstack-api";
import type { LabTags } from "../tags";

/** What a thing is called in OpenStack's lists, and its tags. */
export type Label = (thing: string) => { name: string; tags: pulumi.Input<string>[] };

export function labelOf({ stack, owner, expiry }: LabTags): Label {
  const later = (key: string, value: pulumi.Input<string>) =>
    pulumi.output(value).apply((text) => openstackTag(key, text));
  const tags = [
    ...stackTags(stack),
    later("owner", owner),
    ...(expiry === undefined ? [] : [later("expiry", expiry)]),
  ];
  return (thing) => ({ name: `${stack}-${thing}`, tags });
}
