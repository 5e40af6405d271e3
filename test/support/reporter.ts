/** Mocha's usual output, and before its closing lines the ten slowest tests and hooks, so that a suite's growth shows. */
import { type Runnable, Runner, reporters } from "mocha";

const SHOWN = 10;

class SlowestLast extends reporters.Spec {
  private readonly finished: { title: string; milliseconds: number }[] = [];

  constructor(runner: Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const { EVENT_TEST_END, EVENT_HOOK_END } = Runner.constants;
    // Hooks too: a lab that many tests share is built in one.
    for (const event of [EVENT_TEST_END, EVENT_HOOK_END])
      runner.on(event, (one: Runnable) => {
        if (one.duration) this.finished.push({ title: one.fullTitle(), milliseconds: one.duration });
      });
  }

  override epilogue(): void {
    const slowest = this.finished.sort((a, b) => b.milliseconds - a.milliseconds).slice(0, SHOWN);
    console.log("\n  slowest:");
    for (const { title, milliseconds } of slowest)
      console.log("  %s s  %s", (milliseconds / 1000).toFixed(1).padStart(7), title);
    super.epilogue();
  }
}

// Mocha takes the module itself as the reporter.
module.exports = SlowestLast;
