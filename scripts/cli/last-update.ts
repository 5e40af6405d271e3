/** How the last run of the engine on a stack ended. After a failed run, the state has the outputs of an earlier run. */
import { historyFiles, ownFolder, readText } from "./backend";
import { type Deployment, disagreesSince } from "./deployment";
import { askEngine } from "./engine";
import { typed } from "./invocation";
import { locksOf, mayLive } from "./lock";

/** The last run that built or destroyed something. */
export interface LastUpdate {
  /** The engine's command: `up`, `destroy`, `import`; undefined for a run that was killed. */
  command?: string;
  /**
   * `disagreed`: all was built, and the observation is not what was predicted. `running`: it runs now, or may run on
   * another machine. `killed`: it never finished.
   */
  ended: "succeeded" | "disagreed" | "failed" | "running" | "killed";
}

/** A run as the engine records it, in a history file and in `pulumi stack history --json`. */
interface RunRecord {
  kind: string;
  result: string;
  /** Seconds since 1970 in the file, ISO 8601 in the output of the command. */
  startTime?: number | string;
  endTime?: number | string;
}

/** Commands that change a lab, by the engine's name for a run. A refresh or preview says nothing about the lab. */
const COMMANDS: { [kind: string]: string | undefined } = {
  update: "up",
  destroy: "destroy",
  "resource-import": "import",
};

/** How many runs to ask for: enough to find an `up` behind the refreshes that may have followed it. */
const PAGE = 20;

/**
 * How the last `up` or `destroy` of a stack ended; undefined where the backend has no record of one.
 *
 * @param deployed the stack's state, whose pending operations show a run that was killed.
 */
export function lastUpdateOf(stack: string, deployed: Deployment | undefined): LastUpdate | undefined {
  const folder = ownFolder();
  const locks = folder ? locksOf(folder, stack) : [];
  if (locks.some(mayLive)) return { ended: "running" };
  const record = folder ? newest(recordsIn(folder, stack)) : newest(recordsOf(stack));
  const command = record && COMMANDS[record.kind];
  if (record?.result === "in-progress") return { command, ended: "running" };
  if (locks.length > 0 || leftWorkUndone(deployed, record)) return { ended: "killed" };
  if (record?.result === "succeeded") return { command, ended: "succeeded" };
  return (
    record && { command, ended: disagreesSince(deployed, timeOf(record.startTime)) ? "disagreed" : "failed" }
  );
}

/**
 * Whether a run began something after the last record and never finished it. Pending operations alone do not show that:
 * the engine keeps them until a refresh, even if other runs succeed in between.
 */
function leftWorkUndone(deployed: Deployment | undefined, record: RunRecord | undefined): boolean {
  if ((deployed?.pending_operations ?? []).length === 0) return false;
  if (!record) return true;
  // The record's time is in whole seconds.
  return Date.parse(deployed?.manifest?.time ?? "") > timeOf(record.endTime) + 1000;
}

/** A record's time in ms since 1970; NaN if it has none. */
const timeOf = (time: number | string = ""): number =>
  typeof time === "number" ? time * 1000 : Date.parse(time);

function newest(records: Iterable<RunRecord>): RunRecord | undefined {
  for (const record of records) if (COMMANDS[record.kind]) return record;
  return undefined;
}

function* recordsIn(folder: string, stack: string): Generator<RunRecord> {
  for (const file of historyFiles(folder, stack)) {
    try {
      yield JSON.parse(readText(file)) as RunRecord;
    } catch {
      // Half written, or deleted since it was listed: go on with the record before it.
    }
  }
}

function recordsOf(stack: string): RunRecord[] {
  const argv = ["stack", "history", "--json", "--page-size", String(PAGE), "--stack", stack];
  const { status, stdout } = askEngine(argv);
  // If the backend does not answer, go on without a history.
  return status === 0 && stdout.trim() !== "" ? (JSON.parse(stdout) ?? []) : [];
}

/**
 * What is wrong with a lab whose last run did not succeed, and what to do; undefined when it did, or is unknown. The
 * recorded state of such a lab may be incomplete, or from before that run.
 */
export function troubleWith(stack: string, last: LastUpdate | undefined): string | undefined {
  const again = `\`${typed(`up ${stack}`)}\``;
  const down = `\`${typed(`down ${stack}`)}\``;
  switch (last?.ended) {
    case "running":
      return `${stack} is being changed right now, and what is shown here may be incomplete until that has ended.`;
    case "killed":
      return `${stack} may be incomplete: its last run was killed. ${again} goes on, ${down} takes down what there is.`;
    case "failed":
      if (last.command === "destroy")
        return `${stack} may be incomplete: its last \`destroy\` failed or was interrupted. ${down} goes on, ${again} builds it again.`;
      return `${stack} may be incomplete: its last \`${last.command}\` failed or was interrupted. ${again} goes on from there.`;
    default:
      return undefined;
  }
}
