/**
 * Ends a run whose step on a machine does not end. Pulumi's command plug-in has no time limit (pulumi-command,
 * commandOutputs.go: `session.Run`), and of keepalives only Go's own for TCP (connection.go: `ssh.Dial`), which ends its
 * connection to a machine that is gone after two and a half minutes, as measured. Where TCP still answers, it would wait for
 * ever. On a machine that lives, the step's own limit ends it first.
 */
import { STEP_LIMIT } from "../../components/cluster/steps";
import type { EngineEvent } from "./engine-events";

/** How much longer than the step's own limit to wait, in seconds: the login, and the end of the step's programs. */
const GRACE = 300;

/** Follows the events of one run. */
export class StepWatch {
  private readonly clocks = new Map<string, NodeJS.Timeout>();

  /**
   * @param onFrozen is called with the sentence about a step that has not ended in time.
   * @param limit in seconds.
   */
  constructor(
    private readonly onFrozen: (sentence: string) => void,
    private readonly limit = STEP_LIMIT + GRACE,
  ) {}

  take(event: EngineEvent | undefined): void {
    if (event?.kind !== "begins" && event?.kind !== "done" && event?.kind !== "failed") return;
    const { kind, resource } = event;
    if (!resource.startsWith("Command ")) return;
    clearTimeout(this.clocks.get(resource));
    this.clocks.delete(resource);
    if (kind !== "begins") return;
    const give = () =>
      this.onFrozen(
        `${resource} has not ended within ${Math.round(this.limit / 60)} minutes: its machine is frozen or cut off. The run is ended; look at the machine, and run the same command again.`,
      );
    this.clocks.set(resource, setTimeout(give, this.limit * 1000));
  }

  end(): void {
    for (const clock of this.clocks.values()) clearTimeout(clock);
  }
}
