/** How many rules change at once without passing a cloud's quota on the way. */
import type { StateResource } from "../leftovers";
import type { IngressRule } from "./ingress";

/**
 * The old rule that each new one takes over, by resource name. New rules are made before old ones are deleted, so a change of
 * many CIDRs at once may pass the quota on the way. Then a new rule comes in the place of an old one. Empty if there is room.
 * @param held the stack's own state.
 * @param room how many rules may be added to those `there`, which are the lab's own in that state.
 */
export function takeOver(
  rules: readonly IngressRule[],
  { held, type, room }: { held: readonly StateResource[]; type: string; room: (there: number) => number },
  named: (thing: string) => string,
): Map<string, string> {
  const wanted = rules.filter(({ except }) => !except).map(({ name }) => named(name));
  const there = held
    .map(({ urn = "", ...one }) => ({ ...one, name: urn.slice(urn.lastIndexOf("::") + 2) }))
    // A stack may have several labs. What is in a group apart, and does not count in this one, ends with "-others".
    .filter((one) => one.type === type && one.name.startsWith(named("")) && !one.name.endsWith("-others"))
    .map(({ name }) => name);
  const added = wanted.filter((name) => !there.includes(name));
  if (added.length <= room(there.length)) return new Map();
  const kinds = [...new Set(rules.map(({ rule }) => named(rule)))];
  const gone = there.filter(
    (name) => !wanted.includes(name) && kinds.some((kind) => name === kind || name.startsWith(`${kind}-`)),
  );
  return new Map(added.slice(0, gone.length).map((name, i) => [name, gone[i] as string]));
}
