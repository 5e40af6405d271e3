/** Where the resources of a component belong, and how their names begin. */
import type * as pulumi from "@pulumi/pulumi";

/** The component around some resources. Two labs in one program have different prefixes, and so different names. */
export interface Scope {
  parent: pulumi.Resource;
  /** The resource's name for something of the lab, such as `w1` or `vpc`: the prefix and that. */
  named(thing: string): string;
}

/** Makes the {@link Scope} of a component. @param prefix begins every name. May be empty. */
export const scopeOf = (parent: pulumi.Resource, prefix: string): Scope => ({
  parent,
  named: (thing) => `${prefix}${thing}`,
});

/**
 * The options of a cloud's own provider. It answers lookups before the component exists, so it is beside the component
 * and not in it. Where the component was somewhere else in an earlier version, so was the provider.
 * @param options those of the component. An alias that gives it another name or type is not for the provider.
 */
export function besideComponent({
  parent,
  aliases = [],
}: pulumi.ComponentResourceOptions = {}): pulumi.ResourceOptions {
  const isPlace = (alias: unknown): alias is pulumi.Alias =>
    typeof alias === "object" && alias !== null && Object.keys(alias).join() === "parent";
  return { parent, aliases: aliases.filter(isPlace) };
}
