/**
 * What a cloud has of a lab, and what of it the lab's state does not know. Loads nothing: the command line reads states
 * without Pulumi.
 */

/** A cloud resource that was made for a lab. */
export interface Leftover {
  /** As in the cloud's own command to delete it: `instance`, `security group`. */
  kind: string;
  id: string;
  /** What else helps to find it, for example its name. */
  name?: string;
  /** The id of the lab that it belongs to. Undefined if a version made it whose labs had no id. */
  lab?: string;
  /** The command that deletes it. It succeeds if everything that is listed before it is gone. */
  command: string;
}

/** A lab that is past its time to live. */
export interface ExpiredLab {
  /** Undefined if a version made it whose labs had no id. */
  lab?: string;
  stack: string;
  owner: string;
  /** ISO 8601 time in UTC. */
  expiry: string;
  /** The region, where a cloud's labs are listed by region. */
  region?: string;
  /** How many of its resources are there. */
  resources: number;
}

/** A resource in a stack's state, as far as it says what exists. */
export interface StateResource {
  type: string;
  urn?: string;
  id?: string;
  inputs?: unknown;
  outputs?: unknown;
}

/**
 * Every text in the state's ids and outputs. What the state knows is among them, also if it has no resource of its own: an
 * instance's root volume.
 */
export function textsIn(resources: readonly StateResource[]): Set<string> {
  const texts = new Set<string>();
  const collect = (value: unknown): void => {
    if (typeof value === "string") texts.add(value);
    else if (typeof value === "object" && value !== null) Object.values(value).forEach(collect);
  };
  for (const { id, outputs } of resources) {
    collect(id);
    collect(outputs);
  }
  return texts;
}

/** The ids of the labs in a stack's state: one, unless the program has several labs. */
export const labIdsIn = (resources: readonly StateResource[]): string[] =>
  resources.flatMap(({ type, outputs }) => {
    const { lab } = (outputs ?? {}) as { lab?: unknown };
    return type.endsWith("dynamic/encaplab:Beginning") && typeof lab === "string" ? [lab] : [];
  });

/** How many things a sentence names. */
const NAMED = 12;

/** Things as the part of a sentence: kind and name of each. */
export function enumerate(things: readonly Leftover[]): string {
  const shown = things
    .slice(0, NAMED)
    .map(({ kind, id, name }) => `${kind} ${name && name !== id ? `${name} (${id})` : id}`);
  const more = things.length > NAMED ? [`${things.length - NAMED} more`] : [];
  return [...shown, ...more].join(", ");
}

/**
 * The labs past their time to live.
 * @param tagged a function for each resource of any lab, which returns the value of one of its tags.
 * @param now milliseconds since 1970.
 */
export function expiredAmong(
  tagged: readonly ((tag: string) => string | undefined)[],
  now: number,
  region?: string,
): ExpiredLab[] {
  const labs = new Map<string, ExpiredLab>();
  for (const tag of tagged) {
    const [lab, stack = "", owner = "unknown", expiry] = ["lab", "stack", "owner", "expiry"].map(tag);
    // An unreadable time is not past, and not a reason to hide the other labs.
    if (expiry === undefined || !(Date.parse(expiry) < now)) continue;
    const key = lab ?? `${stack} ${owner}`;
    const known = labs.get(key);
    if (known) known.resources++;
    else
      labs.set(key, { ...(lab && { lab }), stack, owner, expiry, ...(region && { region }), resources: 1 });
  }
  return [...labs.values()].sort((a, b) => a.expiry.localeCompare(b.expiry));
}
