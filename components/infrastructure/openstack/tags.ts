/** The lab's tags and description for OpenStack. Tags are plain text, and the same on each resource. */
import * as pulumi from "@pulumi/pulumi";
import type { LabTags } from "../common";
import { openstackTag, stackDescription, stackTags } from "./api";

/** A resource's name in OpenStack, and the marks that show that it belongs to the lab. */
export interface Label {
  /** For Nova. */
  (thing: string): { name: string; tags: pulumi.Input<string>[] };
  /** For Neutron. */
  described(thing: string): { name: string; description: string; tags: pulumi.Input<string>[] };
}

/** Makes the {@link Label} of a lab. */
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
