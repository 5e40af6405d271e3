/**
 * Dynamic resources whose life is written elsewhere. What is stored in the state is a few lines that load the part's code
 * from the checkout: a later checkout, in whatever folder, can still destroy what an earlier one built.
 *
 * `pulumi.dynamic.Resource` would store the same by serialising a closure, for which it loads the TypeScript compiler
 * (0.4 s at each start). The property `__provider`, a module text with a `handler`, is what it makes of that closure and
 * what `pulumi-resource-pulumi-nodejs` evaluates (pulumi/sdk/nodejs/cmd/dynamic-provider).
 */
import * as pulumi from "@pulumi/pulumi";

/** The life of one kind of part. Every method must stand being interrupted and called again. */
export interface Part<Inputs, Outputs> {
  /** Makes the part, whatever is left there of an interrupted attempt. */
  create(inputs: Inputs): Promise<Outputs>;
  /** Whether the part must be touched: its inputs differ, or it is not there (any more) as recorded. */
  changed(inputs: Inputs, recorded: Inputs & Outputs): Promise<boolean>;
  /** Brings the part to new inputs in place. */
  update(inputs: Inputs, recorded: Inputs & Outputs): Promise<Outputs>;
  /** Removes the part; one that is gone already is no error. */
  remove(recorded: Inputs & Outputs): Promise<void>;
}

/** Where a {@link Part} is found: a module, by its path from the project's folder, and the name of its export. */
export interface PartName {
  module: string;
  export: string;
}

/** A resource whose life is a {@link Part}. */
export class PartResource extends pulumi.CustomResource {
  /**
   * @param type shown by the engine as `encaplab:<type>`.
   * @param outputs names of the part's outputs, which subclasses declare.
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

/** The engine starts the provider's process in the project's folder; tsx lets it read TypeScript. */
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

/** A part in the words of Pulumi's dynamic providers. Called by what {@link loaderOf} stores. */
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
 * Ends this provider's process when its engine is gone. A killed engine cannot end its plug-ins, and one that lives on
 * would stay for good, or go on building what the next `up` builds too.
 */
function endWithEngine(): void {
  if (watching) return;
  watching = true;
  const engine = process.ppid;
  setInterval(() => process.ppid === engine || process.exit(1), 200).unref();
}
