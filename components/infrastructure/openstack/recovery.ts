/** What a killed run has left on OpenStack: found by the lab's id, and deleted through OpenStack's own APIs. */
import type { LabPlan } from "../../plan";
import { type Marked, type Recovery, type StateResource, searchUnknown } from "../common";
import { type Patience, removeAll, type Session, survey, type Thing } from "./api";
import { leftoverOf, sessionFor, type Where } from "./leftovers";

/** A thing of a lab, with what the request to delete it needs. */
export interface Remains extends Marked {
  thing: Thing;
}

/** The search and the deletion. @param stack the lab's name in the cloud. */
export const recoveryOf = (session: Session, stack: string, patience?: Patience): Recovery<Remains> => ({
  find: async (lab) => (await survey(session, { stack, labs: [lab], only: true })).map(remainsOf),
  remove: (found) =>
    removeAll(
      session,
      found.map(({ thing }) => thing),
      patience,
    ),
});

function remainsOf(thing: Thing): Remains {
  const { router, route } = thing;
  return {
    ...leftoverOf(thing),
    thing,
    ...(router !== undefined && { inside: router, leadsTo: route?.destination ?? thing.cidr ?? "" }),
  };
}

/**
 * Whether the plan has a route or an interface of the router that leads there.
 * @param peerCidrs the ranges of the other site, to which the routes by an instance lead. Default: none.
 */
export const wantedBy = (
  { podRoutes, subnets }: Pick<LabPlan, "podRoutes" | "subnets">,
  peerCidrs: readonly string[] = [],
) => {
  const wanted = new Set([
    ...podRoutes.map(({ block }) => block),
    ...subnets.map(({ cidr }) => cidr),
    ...peerCidrs,
  ]);
  return (leadsTo: string): boolean => wanted.has(leadsTo);
};

/** What OpenStack has of the labs in a state and the state does not know. For a `down`, so also what the user has added. */
export async function findUnknown(
  stack: string,
  resources: readonly StateResource[],
  ...where: Where
): Promise<Remains[]> {
  return searchUnknown(recoveryOf(await sessionFor(...where), stack), resources);
}

/** Deletes it. @throws {Error} when OpenStack refuses. */
export async function removeUnknown(found: readonly Remains[], ...where: Where): Promise<void> {
  await recoveryOf(await sessionFor(...where), "").remove(found);
}
