/** The lab's marks as OpenStack takes them: tags are plain texts, and these and the description are the same on each thing. */
import * as pulumi from "@pulumi/pulumi";
import { openstackTag, stackDescription, stackTags } from "../openstack-api";
import type { LabTags } from "../tags";

/** What a thing is called in OpenStack's lists, and how it is known as the lab's. */
export interface Label {
  /** For Nova. */
  (thing: string): { name: string; tags: pulumi.Input<string>[] };
  /** For Neutron. */
  described(thing: string): { name: string; description: string; tags: pulumi.Input<string>[] };
}

export function labelOf({ stack, owner, expiry }: LabTags): Label {
  const later = (key: string, value: pulumi.Input<string>) =>
    pulumi.output(value).apply((text) => openstackTag(key, text));
  const tags = [
    ...stackTags(stack),
    later("owner", owner),
    ...(expiry === undefined ? [] : [later("expiry", expiry)]),
  ];
  const label = (thing: string) => ({ name: `${stack}-${thing}`, tags });
  const described = (thing: string) => ({ ...label(thing), description: stackDescription(stack) });
  return Object.assign(label, { described });
}
