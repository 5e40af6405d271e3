/**
 * What a program registers, and which resources of an older state the engine would keep for it. Pulumi's mocks answer in
 * the engine's place; only URNs and aliases are the engine's own rules.
 */
import * as pulumi from "@pulumi/pulumi";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks";
import type { Answers } from "./mocks";
import { quietly } from "./quiet";

const PROJECT = "encaplab";

/** An alias, as the SDK sends it: a whole URN, or what differs from the resource's own. Empty: as the resource's own. */
interface Alias {
  urn: string;
  name: string;
  type: string;
  parent: string;
  noParent: boolean;
}

/** A resource that a program has registered. `parent` is empty at the top of the stack. */
export interface Registration {
  urn: string;
  type: string;
  name: string;
  parent: string;
  aliases: Alias[];
}

/** What the engine makes of an old state. */
export interface Fate {
  /** The old URN of each resource that is kept, by its new one. */
  kept: Map<string, string>;
  /** URNs of new resources. */
  created: string[];
  /** Old URNs that nothing claims. They would be deleted. */
  deleted: string[];
  /** Old URNs that two resources claim. The engine refuses that. */
  claimedTwice: string[];
}

/** The request, as far as it matters here (@pulumi/pulumi/proto/resource_pb). */
interface Request {
  getType(): string;
  getName(): string;
  getParent(): string;
  getAliasesList(): {
    getUrn(): string;
    getSpec():
      | { getName(): string; getType(): string; getParenturn(): string; getNoparent(): boolean }
      | undefined;
  }[];
}

/** What of Pulumi's mock engine is replaced. */
interface Monitor {
  newUrn(parent: string, type: string, name: string): string;
  registerResource(request: Request, callback: unknown): Promise<void>;
}

/** Runs a program with a stack's config, and returns what it registers, in its order. */
export async function registrationsOf(
  program: () => unknown,
  stack: string,
  config: Readonly<Record<string, unknown>>,
  { state, call }: Answers,
): Promise<Registration[]> {
  const seen: Registration[] = [];
  // Its method for URNs is private, and keeps only the last of the parents' types.
  const prototype = MockMonitor.prototype as unknown as Monitor;
  const { newUrn, registerResource } = prototype;
  prototype.newUrn = (parent, type, name) => urnOf(stack, parent, type, name);
  prototype.registerResource = function (this: Monitor, request, callback) {
    seen.push(registrationOf(stack, request));
    return registerResource.call(this, request, callback);
  };
  try {
    await pulumi.runtime.setMocks(
      {
        newResource: ({ type, name, inputs }) => ({
          id: `${name}-id`,
          state: { ...inputs, ...state?.(type, name, inputs) },
        }),
        call: ({ token, inputs }) => call?.(token, inputs) ?? {},
      },
      PROJECT,
      stack,
    );
    pulumi.runtime.setAllConfig(asText(config));
    await quietly(async () => {
      await program();
      await settled(seen);
    });
    return seen;
  } finally {
    Object.assign(prototype, { newUrn, registerResource });
    pulumi.runtime.setAllConfig({});
  }
}

/** The engine passes every value as text. */
const asText = (config: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );

/** Waits until nothing more is registered: an `apply` may register something when its values are known. */
async function settled(seen: readonly unknown[]): Promise<void> {
  for (let count = -1; count !== seen.length; ) {
    count = seen.length;
    await new Promise((done) => setTimeout(done, 200));
  }
}

function registrationOf(stack: string, request: Request): Registration {
  const [parent, type, name] = [request.getParent(), request.getType(), request.getName()];
  const aliases = request.getAliasesList().map((alias) => {
    const spec = alias.getSpec();
    return {
      urn: alias.getUrn(),
      name: spec?.getName() ?? "",
      type: spec?.getType() ?? "",
      parent: spec?.getParenturn() ?? "",
      noParent: spec?.getNoparent() ?? false,
    };
  });
  return { urn: urnOf(stack, parent, type, name), type, name, parent, aliases };
}

/** sdk/go/common/resource/urn: the parent's types, `$`, the type. */
function urnOf(stack: string, parent: string, type: string, name: string): string {
  const qualified = parent === "" ? type : `${typesOf(parent)}$${type}`;
  return `urn:pulumi:${stack}::${PROJECT}::${qualified}::${name}`;
}
const typesOf = (urn: string): string => urn.split("::")[2] ?? "";
const nameOf = (urn: string): string => urn.split("::").slice(3).join("::");

/**
 * Which old resources the engine keeps. It looks for a resource's own URN, then for its aliases, then for those that
 * follow from the alias by which it found the parent (pkg/resource/deploy/step_generator.go: getOldResource).
 */
export function fateOf(stack: string, registrations: readonly Registration[], old: readonly string[]): Fate {
  const kept = new Map<string, string>();
  const created: string[] = [];
  const left = new Set(old);
  const claimedTwice: string[] = [];
  for (const registration of registrations) {
    const { urn } = registration;
    const found = [urn, ...aliasesOf(stack, registration, kept)].find((one) => old.includes(one));
    if (found === undefined) created.push(urn);
    else {
      if (!left.delete(found)) claimedTwice.push(found);
      kept.set(urn, found);
    }
  }
  return { kept, created, deleted: [...left], claimedTwice };
}

function aliasesOf(
  stack: string,
  { type, name, parent, aliases }: Registration,
  kept: ReadonlyMap<string, string>,
): string[] {
  const resolve = (alias: Alias): string => {
    if (alias.urn) return alias.urn;
    const above = alias.noParent ? "" : alias.parent || parent;
    return urnOf(stack, kept.get(above) ?? above, alias.type || type, alias.name || name);
  };
  const own = aliases.map(resolve);
  const formerParent = kept.get(parent);
  if (formerParent === undefined || formerParent === parent) return own;
  // A name that begins with the parent's is taken for `<parent>-<rest>`, and follows the parent to its former name.
  const inherited = (childType: string, childName: string) =>
    urnOf(
      stack,
      formerParent,
      childType,
      childName.startsWith(nameOf(parent))
        ? nameOf(formerParent) + childName.slice(nameOf(parent).length)
        : childName,
    );
  const types = own.map((urn) => typesOf(urn).split("$").at(-1) ?? "");
  return [...own, inherited(type, name), ...own.map((urn, i) => inherited(types[i] ?? "", nameOf(urn)))];
}
