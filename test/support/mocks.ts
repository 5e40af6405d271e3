/**
 * Pulumi without an engine: mocks answer in its place, and a transformation records every resource with its options
 * before Pulumi resolves any of them.
 */
import * as pulumi from "@pulumi/pulumi";

// biome-ignore lint/suspicious/noExplicitAny: inputs of every kind of resource
type Values = Record<string, any>;

/** A recorded resource. */
export interface Recorded {
  type: string;
  name: string;
  /** The inputs, resolved. */
  props: Values;
  /** Names of the inputs that are secret. */
  secrets: string[];
  opts: pulumi.CustomResourceOptions & pulumi.ComponentResourceOptions;
  resource: pulumi.Resource;
}

/** What a build has declared. */
export interface Recording<T> {
  result: T;
  resources: Recorded[];
  /** Resources created after the outermost call had returned: by an `apply`, which a preview does not run. */
  late: Recorded[];
  /** How many resources each component had registered when it registered its outputs. */
  outputs: { component: pulumi.Resource; after: number }[];
}

/** The answers of the mocks. */
export interface Answers {
  /** The outputs of a resource besides its inputs. */
  state?(type: string, name: string, inputs: Values): Values;
  /** What a function of a provider returns. */
  call?(token: string, inputs: Values): Values;
  /** A resource's id. Default: its name and `-id`. */
  id?(type: string, name: string): string;
}

/** Builds in a stack named `test`. @param build gets the options with which a component is recorded. */
export async function record<T>(
  build: (options: pulumi.ComponentResourceOptions) => T,
  answers: Answers = {},
): Promise<Recording<T>> {
  await startMocks(answers);
  const seen: { args: pulumi.ResourceTransformationArgs; late: boolean }[] = [];
  const outputs: Recording<T>["outputs"] = [];
  let late = false;
  const restore = spyOnOutputs((component) => outputs.push({ component, after: seen.length }));
  // Pulumi takes a stack trace for every promise that it makes, which is most of the time of a build without an engine.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    const recorder: pulumi.ResourceTransformation = (args) => {
      seen.push({ args, late });
      return undefined;
    };
    const result = build({ transformations: [recorder] });
    late = true;
    await registered(seen.map(({ args }) => args.resource));
    const recordings = await Promise.all(
      seen.map(async (one) => ({ late: one.late, recorded: await resolve(one.args) })),
    );
    const pick = (wanted: boolean) => recordings.filter((one) => one.late === wanted);
    return {
      result,
      resources: recordings.map(({ recorded }) => recorded),
      late: pick(true).map(({ recorded }) => recorded),
      outputs,
    };
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    restore();
  }
}

/** Puts mocks in the engine's place. For code that asks a provider before it builds. */
export async function startMocks({ state, call, id }: Answers = {}): Promise<void> {
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => ({
        id: id?.(type, name) ?? `${name}-id`,
        state: { ...inputs, ...state?.(type, name, inputs) },
      }),
      call: ({ token, inputs }) => call?.(token, inputs) ?? inputs,
    },
    "encaplab",
    "test",
  );
}

/**
 * The value of an output. A failed assert inside `apply` shows up as a time-out: await this value, and assert after it.
 */
export function resolved<T>(output: pulumi.Input<T>): Promise<pulumi.Unwrap<T>> {
  return new Promise((done) => {
    pulumi.output(output).apply((value) => done(value));
  });
}

async function resolve({
  type,
  name,
  props,
  opts,
  resource,
}: pulumi.ResourceTransformationArgs): Promise<Recorded> {
  const entries = Object.entries(props as Values);
  const values = await Promise.all(
    entries.map(async ([key, value]) => [key, await resolved(value)] as const),
  );
  const secret = await Promise.all(
    entries.map(async ([key, value]) => ((await pulumi.isSecret(pulumi.output(value))) ? [key] : [])),
  );
  return {
    type,
    name,
    props: Object.fromEntries(values.filter(([, value]) => value !== undefined)),
    secrets: secret.flat(),
    opts: opts as Recorded["opts"],
    resource,
  };
}

async function registered(resources: pulumi.Resource[]): Promise<void> {
  await Promise.all(resources.map(({ urn }) => resolved(urn)));
  // What their `apply` creates is created in later turns of the event loop.
  await new Promise((done) => setTimeout(done, 0));
}

function spyOnOutputs(seen: (component: pulumi.Resource) => void): () => void {
  // biome-ignore lint/suspicious/noExplicitAny: a protected method
  const prototype = pulumi.ComponentResource.prototype as any;
  const original = prototype.registerOutputs;
  prototype.registerOutputs = function (this: pulumi.Resource, outputs: Values) {
    // Pulumi itself calls this without outputs, for a component that never does.
    if (outputs !== undefined) seen(this);
    return original.call(this, outputs);
  };
  return () => {
    prototype.registerOutputs = original;
  };
}

export const ofType = (resources: readonly Recorded[], type: string): Recorded[] =>
  resources.filter((one) => one.type === type);

export function named(resources: readonly Recorded[], type: string, name: string): Recorded {
  const found = ofType(resources, type).find((one) => one.name === name);
  if (!found)
    throw new Error(`no ${type} called ${name} among ${resources.map((one) => one.name).join(", ")}`);
  return found;
}
