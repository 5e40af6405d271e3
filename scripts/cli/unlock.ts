/** Makes a stack usable again after a run that was killed. */
import { ownFolder } from "./backend";
import { tellEngine } from "./engine";
import { locksOf, mayLive, removeDamagedLocks, stillAtIt } from "./lock";
import { endOrphans } from "./orphans";
import { prepareEngine } from "./setup";
import { restoreState } from "./state-file";
import { say } from "./terminal";

/**
 * Lifts the locks of runs that were killed, and restores the stack's state if that is damaged.
 * @throws {Failure} when a run is still alive, or may be, or the state cannot be restored.
 */
export async function liftDeadLocks(stack: string): Promise<void> {
  const folder = ownFolder();
  const locks = folder ? locksOf(folder, stack) : [];
  for (const lock of locks) if (mayLive(lock)) throw stillAtIt(stack, lock);
  if (folder) removeDamagedLocks(folder, stack);
  restoreState(stack);
  if (locks.length === 0) return;
  endOrphans(stack);
  await prepareEngine();
  tellEngine(["cancel", "--stack", stack, "--yes"]);
  const who = locks.map(({ pid }) => pid).join(", ");
  say(`An earlier run (process ${who}) was killed and left stack ${stack} locked; the lock is lifted.`);
}
