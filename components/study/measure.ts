/** Runs the measuring program in the twin. */
import * as path from "node:path";
import { type Realm, runScript } from "../infrastructure/twin/realm";
import type { LabPlan } from "../plan";
import { compare, type Measured, type Observation, orderOf } from "./observation";

const PROGRAM = path.resolve(__dirname, "../../scripts/twin/observe");

/** How much longer everything takes where the processor is emulated (measured: ping and connect under QEMU's TCG). */
const PATIENCE = { namespaces: 1, machine: 3 } as const;

/** Measures every pair of a twin that is up. @throws {RealmError} when the twin is gone or the program fails. */
export async function observe(realm: Realm, plan: LabPlan): Promise<Observation> {
  const order = orderOf(plan, PATIENCE[realm.kind]);
  // -B: the checkout is not the realm's to write compiled files into.
  const answer = await runScript(realm, `exec python3 -B ${JSON.stringify(PROGRAM)}`, JSON.stringify(order));
  return compare(plan, JSON.parse(answer) as Measured);
}
