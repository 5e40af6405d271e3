/**
 * Dynamic resources whose code stays in the checkout. The state stores only a few lines that load it, so a later
 * checkout, in any folder, can still destroy what an earlier one built.
 *
 * `pulumi.dynamic.Resource` would store the same by serialising a closure, and load the TypeScript compiler for that
 * (0.4 s at each start). The property `__provider` is what it makes of the closure: the text of a module with a
 * `handler`, which `pulumi-resource-pulumi-nodejs` evaluates (pulumi/sdk/nodejs/cmd/dynamic-provider).
 */
import * as pulumi from "@pulumi/pulumi";

/** The provider of one kind of dynamic resource. Every method may be interrupted and called again. */
export interface Part<Inputs, Outputs> {
  /** Creates the resource, even if an interrupted attempt has left something. */
  create(inputs: Inputs): Promise<Outputs>;
  /** Whether the resource must be updated: its inputs differ, or it no longer exists as recorded. */
  changed(inputs: Inputs, recorded: Inputs & Outputs): Promise<boolean>;
  /** Changes the resource to the new inputs, in place. */
  update(inputs: Inputs, recorded: Inputs & Outputs): Promise<Outputs>;
  /** Removes the resource. One that is already gone is no error. */
  remove(recorded: Inputs & Outputs): Promise<void>;
}

/** Where a {@link Part} is loaded from: a module, by its path from the project's folder, and the name of its export. */
export interface PartName {
  module: string;
  export: string;
}

/** A dynamic resource whose provider is a {@link Part}. */
export class PartResource extends pulumi.CustomResource {
  /**
   * @param type shown by the engine as `encaplab:<type>`.
   * @param outputs names of the outputs, which subclasses declare.
   */
  constructor(
    type: string,
    part: PartName,
    name: string,
    inputs: Record<string, unknown>,
    outputs: readonly string[],
    options: pulumi.CustomResourceOptions,
  ) {
    const later = Object.fromEntries(outputs.map((output) => [output, undefined]));
    const args = { ...later, ...inputs, __provider: loaderOf(part) };
    super(`pulumi-nodejs:dynamic/encaplab:${type}`, name, args, options);
  }
}

/** The engine starts the provider process in the project's folder. tsx lets it load TypeScript. */
function loaderOf(part: PartName): string {
  return [
    "exports.handler = () => {",
    '  const load = require("module").createRequire(process.cwd() + "/");',
    '  load("tsx/cjs");',
    `  const part = load("./${part.module}")[${JSON.stringify(part.export)}];`,
    `  return load("./components/infrastructure/part").asProvider(part, ${JSON.stringify(part.export)});`,
    "};",
  ].join("\n");
}

/** Adapts a {@link Part} to Pulumi's dynamic providers. Called by the lines that {@link loaderOf} stores. */
export function asProvider(part: Part<unknown, object>, id: string): pulumi.dynamic.ResourceProvider {
  endWithEngine();
  return {
    create: async (inputs) => ({ id, outs: { ...inputs, ...(await part.create(inputs)) } }),
    diff: async (_id, recorded, inputs) => ({ changes: await part.changed(inputs, recorded), replaces: [] }),
    update: async (_id, recorded, inputs) => ({
      outs: { ...inputs, ...(await part.update(inputs, recorded)) },
    }),
    delete: async (_id, recorded) => part.remove(recorded),
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
