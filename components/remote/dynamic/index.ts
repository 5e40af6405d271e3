/**
 * Dynamic resources whose code stays in this package. The state stores only a few lines that load it, so a later version,
 * in any folder, can still destroy what an earlier one built.
 *
 * `pulumi.dynamic.Resource` would store the same by serialising a closure, and load the TypeScript compiler for that
 * (0.4 s at each start). The property `__provider` is what it makes of the closure: the text of a module with a
 * `handler`, which `pulumi-resource-pulumi-nodejs` evaluates (pulumi/sdk/nodejs/cmd/dynamic-provider).
 */
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { DYNAMIC_TYPE } from "../types";

/** The provider of one type of dynamic resource. Every method may be interrupted and called again. */
export interface DynamicProvider<Inputs, Outputs> {
  /** Creates the resource, even if an interrupted attempt has left something. */
  create(inputs: Inputs): Promise<Outputs>;
  /** Whether the resource must be updated: its inputs differ, or it no longer exists as recorded. */
  changed(inputs: Inputs, recorded: Inputs & Outputs): Promise<boolean>;
  /** Changes the resource to the new inputs, in place. */
  update(inputs: Inputs, recorded: Inputs & Outputs): Promise<Outputs>;
  /** Removes the resource. One that is already gone is no error. */
  remove(recorded: Inputs & Outputs): Promise<void>;
}

export { DYNAMIC_TYPE };

/**
 * The URN that a resource had in an earlier version, for its `aliases`: without it, the resource would be replaced.
 * @param types the types of the components around it, the outermost first, and its own type last.
 */
export const formerUrn = (types: readonly string[], name: string): string =>
  `urn:pulumi:${pulumi.getStack()}::${pulumi.getProject()}::${types.join("$")}::${name}`;

/** A component's options with its {@link formerUrn} as one more alias. */
export const withFormerUrn = (
  options: pulumi.ComponentResourceOptions | undefined,
  types: readonly string[],
  name: string,
): pulumi.ComponentResourceOptions => ({
  ...options,
  aliases: [...((options?.aliases as (pulumi.Alias | string)[] | undefined) ?? []), formerUrn(types, name)],
});

/** A dynamic resource whose provider is a {@link DynamicProvider}. */
export class DynamicResource extends pulumi.CustomResource {
  /**
   * @param type shown by the engine as `encaplab:<type>`. Also the name of its provider in the package's list of
   *   providers, which the state keeps: a type that has been released stays in that list.
   * @param outputs names of the outputs, which subclasses declare.
   */
  constructor(
    type: string,
    name: string,
    inputs: Record<string, unknown>,
    outputs: readonly string[],
    options: pulumi.CustomResourceOptions,
  ) {
    const later = Object.fromEntries(outputs.map((output) => [output, undefined]));
    super(`${DYNAMIC_TYPE}${type}`, name, { ...later, ...inputs, __provider: loaderOf(type) }, options);
  }
}

/**
 * The module that the state stores. The engine starts the provider process in the project's folder. There it finds this
 * package by its name, as the program did. A checkout is its own project: `scripts/typescript.cjs` lets it load the
 * TypeScript, from a bundle or by tsx.
 */
function loaderOf(type: string): string {
  const wanted = `asProvider(${JSON.stringify(type)})`;
  const lines = __filename.endsWith(".ts")
    ? [
        `  const load = require("module").createRequire(require("path").resolve(${JSON.stringify(checkout())}) + "/");`,
        '  load("./scripts/typescript.cjs");',
        `  return load("./components/providers").${wanted};`,
      ]
    : [
        '  const load = require("module").createRequire(process.cwd() + "/");',
        `  return load("encaplab/providers").${wanted};`,
      ];
  return ["exports.handler = () => {", ...lines, "};"].join("\n");
}

/** The checkout's path from the project's folder: "." unless another project loads the checkout's sources. */
const checkout = (): string => path.relative(process.cwd(), path.resolve(__dirname, "../../..")) || ".";

/** Adapts a {@link DynamicProvider} to Pulumi's. */
export function adapt(
  provider: DynamicProvider<unknown, object>,
  id: string,
): pulumi.dynamic.ResourceProvider {
  endWithEngine();
  return {
    create: async (inputs) => ({ id, outs: { ...inputs, ...(await provider.create(inputs)) } }),
    diff: async (_id, recorded, inputs) => ({
      // Another loader alone is no change: a preview would call every output of the resource unknown, and then announce
      // that everything which depends on it is replaced.
      changes: await provider.changed(inputs, recorded),
      replaces: [],
    }),
    update: async (_id, recorded, inputs) => ({
      outs: { ...inputs, ...(await provider.update(inputs, recorded)) },
    }),
    delete: async (_id, recorded) => provider.remove(recorded),
  };
}

let watching = false;

/**
 * Ends this provider process when its engine is gone. A killed engine cannot end its plug-ins. An orphan would run
 * forever, or go on building what the next `up` builds too.
 */
function endWithEngine(): void {
  if (watching) return;
  watching = true;
  const engine = process.ppid;
  setInterval(() => process.ppid === engine || process.exit(1), 200).unref();
}
