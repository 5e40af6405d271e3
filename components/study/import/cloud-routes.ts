/** The cloud's routes to pods. */
import { contains, parseCidr, toNumber } from "../../plan";
import type { SetKey } from "./entry";
import type { Facts } from "./facts";
import type { Machine } from "./machines";
import type { ChosenPool } from "./pool";
import { showSource } from "./source";

/** Sets `podRoutes`: the lab has a route to each node's block, or none. */
export function cloudRoutes(
  facts: Facts,
  { cidr }: ChosenPool,
  machines: readonly Machine[],
  set: SetKey,
): void {
  const pods = parseCidr(cidr);
  const own = facts.cloudRoutes.filter(({ value }) => contains(pods, parseCidr(value).first));
  const [first] = own;
  if (!first) return;
  const isRouted = ({ original }: Machine) => {
    const blocks = facts.blocks.filter(({ node }) => node === original);
    return (
      blocks.length > 0 &&
      blocks.every(({ cidr }) =>
        own.some(({ value }) => contains(parseCidr(value), toNumber(cidr.split("/")[0] as string))),
      )
    );
  };
  const isComplete = machines.length > 0 && machines.every(isRouted);
  if (isComplete || (facts.blocks.length === 0 && own.length >= machines.length))
    set("podRoutes", "static", showSource(first.source));
  else
    facts.notExpressed.push({
      what: `the cloud has ${own.length} routes to pods, and not one for every node's blocks: the lab has none`,
      source: first.source,
    });
}
