/**
 * Deletes what a killed run has left in a cloud. An engine that is killed while the cloud builds something never learns its
 * id: the state then does not know it, the next `up` meets an address in use or a rule that exists, and a `down` leaves it
 * behind. The lab's id in its marks tells it from everything else.
 *
 * It is deleted and not adopted by `import`: it is minutes old, nothing runs on it yet (a node joins after its machine is
 * in the state), and an import whose inputs differ from the half-built resource in one field fails every later `up`.
 */
import * as pulumi from "@pulumi/pulumi";
import { enumerate, type Leftover, labIdsIn, type StateResource, textsIn } from "../leftovers";

/** A thing in the cloud that belongs to a lab. */
export interface Marked extends Leftover {
  /** Of what has no marks of its own: the id of the marked thing that it is in, as a route's router. */
  inside?: string;
  /** Of what has no marks of its own: where it leads, as a route's destination. */
  leadsTo?: string;
}

/** How a cloud is searched and cleaned. `find` returns things in the order in which they can be deleted. */
export interface Recovery<Thing extends Marked> {
  find(lab: string): Promise<Thing[]>;
  remove(things: readonly Thing[]): Promise<void>;
  /** More ids that the state knows, made of several outputs. */
  idsOf?(resource: StateResource): string[];
}

/**
 * What the state does not know.
 * @param isWanted whether the lab needs what leads there. A route that the user has added to the lab's router by hand stays
 *   as long as the router does. By default, everything is the lab's own, as before a `down`.
 */
function unknownTo<Thing extends Marked>(
  resources: readonly StateResource[],
  things: readonly Thing[],
  idsOf: (resource: StateResource) => string[] = () => [],
  isWanted: (leadsTo: string) => boolean = () => true,
): Thing[] {
  const known = new Set([...textsIn(resources), ...resources.flatMap(idsOf)]);
  const unknown = things.filter(({ id }) => !known.has(id));
  const ids = new Set(unknown.map(({ id }) => id));
  return unknown.filter(
    ({ inside, leadsTo = "" }) => inside === undefined || ids.has(inside) || isWanted(leadsTo),
  );
}

/** What a cloud has of the labs in a state. */
const foundOf = async <Thing extends Marked>(
  { find }: Recovery<Thing>,
  resources: readonly StateResource[],
): Promise<Thing[]> => (await Promise.all(labIdsIn(resources).map(find))).flat();

/** What a cloud has of the labs in a state and the state does not know. @param isWanted as in {@link unknownTo}. */
export const searchUnknown = async <Thing extends Marked>(
  recovery: Recovery<Thing>,
  resources: readonly StateResource[],
  isWanted?: (leadsTo: string) => boolean,
): Promise<Thing[]> => unknownTo(resources, await foundOf(recovery, resources), recovery.idsOf, isWanted);

/** The sentence about what a killed run has left. @param when whether it is deleted now, or at the next `up`. */
export const leftByKilledRun = (things: readonly Leftover[], when: "now" | "then"): string =>
  `a run that was killed has left, unknown to the state: ${enumerate(things)}; ${
    when === "now" ? "it is deleted before anything is built" : "an up deletes it before it builds anything"
  }`;

/**
 * A warning about machines that the state knows and the cloud no longer has, else undefined. The engine believes its state.
 * In a program with several labs, it is not known which machines are whose.
 */
export function goneFrom(resources: readonly StateResource[], found: readonly Marked[]): string | undefined {
  const there = new Set(found.map(({ id }) => id));
  const gone = resources.filter(({ type, id = "" }) => type.endsWith(":Instance") && !there.has(id));
  if (gone.length === 0 || labIdsIn(resources).length !== 1) return undefined;
  const names = gone.map(({ urn = "", id }) => `${urn.slice(urn.lastIndexOf("::") + 2)} (${id})`);
  return `the cloud no longer has the machines ${names.join(", ")}, and the engine believes that it has: pulumi up --refresh builds them again`;
}

/**
 * Looks for what killed runs have left of the program's lab, says what it is, and deletes it. A preview only says it. A lab
 * without an id has nothing that could be told from another's, and is left as it is.
 * @param resources the stack's own state.
 * @throws {Error} when the cloud refuses to delete something.
 */
export async function recover<Thing extends Marked>(
  recovery: Recovery<Thing>,
  isWanted: (leadsTo: string) => boolean,
  resources: readonly StateResource[],
): Promise<void> {
  const unknown = await look().catch(async (error: Error) => {
    await pulumi.log.warn(`cannot look for what a killed run may have left: ${error.message}`);
    return [];
  });
  if (unknown.length === 0) return;
  const isPreview = pulumi.runtime.isDryRun();
  await pulumi.log.warn(leftByKilledRun(unknown, isPreview ? "then" : "now"));
  if (!isPreview) await recovery.remove(unknown);

  async function look(): Promise<Thing[]> {
    const found = await foundOf(recovery, resources);
    const gone = goneFrom(resources, found);
    if (gone) await pulumi.log.warn(gone);
    return unknownTo(resources, found, recovery.idsOf, isWanted);
  }
}
