/** The lab's tags and description for OpenStack. Tags are plain text, and the same on each resource. */
import * as pulumi from "@pulumi/pulumi";
import type { LabTags } from "../common";
import { descriptionOf, labTag, openstackTag, stackTags } from "./api";

/** A resource's name in OpenStack, and the marks that show that it belongs to the lab. */
export interface Label {
  /** For Nova. */
  (thing: string): { name: string; tags: pulumi.Input<string>[] };
  /** For Neutron. */
  described(thing: string): { name: string; description: pulumi.Input<string>; tags: pulumi.Input<string>[] };
}

/** Makes the {@link Label} of a lab. */
export function labelOf({ stack, lab, owner, expiry }: LabTags): Label {
  const later = (key: string, value: pulumi.Input<string>) =>
    pulumi.output(value).apply((text) => openstackTag(key, text));
  const tags = [
    ...stackTags(stack),
    pulumi.output(lab).apply(labTag),
    later("owner", owner),
    ...(expiry === undefined ? [] : [later("expiry", expiry)]),
  ];
  const label = (thing: string) => ({ name: `${stack}-${thing}`, tags });
  const description = pulumi.output(lab).apply((id) => descriptionOf(stack, id));
  const described = (thing: string) => ({ ...label(thing), description });
  return Object.assign(label, { described });
}
