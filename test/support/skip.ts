/** Skips a test and says why: `.ci/run` counts a test that was skipped without a reason as failed. */
import type { Context } from "mocha";

/** What stands behind the title of a skipped test, where `.ci/run` finds it. */
const stated = (reason: string): string => ` (skipped: ${reason})`;

/**
 * Skips the test that runs, or, in a hook, every test of its suite.
 * @param reason why it cannot be run here, as a part of a sentence.
 */
export function skip(context: Context, reason: string): never {
  const runnable = context.test;
  if (!runnable) throw new Error("skip outside a test");
  // The types know only the one for a test.
  if ((runnable as { type?: string }).type === "hook") {
    // A hook of the suite itself: its tests, and those of the suites inside.
    runnable.parent?.eachTest((test) => {
      test.title += stated(reason);
    });
  } else runnable.title += stated(reason);
  return context.skip();
}
