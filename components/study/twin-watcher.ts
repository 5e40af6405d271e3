/** Watches a twin while it is switched. */
import { runScript, type Sandbox } from "../infrastructure/twin/sandbox";
import type { LabPlan } from "../plan";
import { PATIENCE, program } from "./twin-prober";
import { type Counted, flowsBetween, nodesOf, seenIn, watchedRows } from "./watch";
import type { Watcher } from "./watcher";

/** Seconds after which a watch ends by itself, if the command that began it was killed. */
const LIMIT = 300;

/** What `scripts/twin/observe` is asked to watch. Pure. */
export function watchOrder(plan: LabPlan, patience: number) {
  const flows = flowsBetween(watchedRows(plan).map(({ pair }) => pair));
  return { patience, limit: LIMIT, nodes: nodesOf(plan, flows), flows };
}

/**
 * Watches a running twin. A watch begins at once, and is not waited for: the engine needs longer to reach the first node.
 * @param sandbox the twin's namespaces, as `findSandbox` returns them.
 */
export const twinWatcher = (sandbox: Sandbox): Watcher => ({
  async begin(plan) {
    const order = watchOrder(plan, PATIENCE[sandbox.kind]);
    // The switch goes on whatever becomes of the watch: the sandbox may be replaced.
    let isOver = false;
    const answer = runScript(sandbox, program(), JSON.stringify(order))
      .then(
        (text) => seenIn(JSON.parse(text) as Counted),
        () => undefined,
      )
      .finally(() => {
        isOver = true;
      });
    return {
      async end() {
        // Unless an observation has ended it: entering the sandbox is a process more.
        if (!isOver) await runScript(sandbox, ": > /run/encaplab/watch/stop").catch(() => {});
        return answer;
      },
    };
  },
});
