/** What is said at the end of an `up`: the lab, what differs from its file, what to do next. */
import type { Run } from "./deploy";
import { deploymentOf, outputsOf } from "./deployment";
import { typed } from "./invocation";
import { changedSentence } from "./lab-changes";
import type { LabConfig } from "./overlay";
import { type LabStatus, statusOf } from "./status";
import { next, runsText, switchWords } from "./status-text";

/** Three lines, and one more where the lab differs from its file, or is not as predicted. */
export function describeUp(config: LabConfig, run: Run): string[] {
  const { stack } = config.file;
  const status = statusOf(stack);
  if (status.state !== "up") return [];
  return [
    headline(status, run),
    ...(run.changed ? loginsOf(stack) : [measured(status)]),
    run.disagrees ? disagreement(stack) : [],
    changedSentence(config) ?? [],
    next(stack, nextWords(status)),
  ].flat();
}

function headline({ stack, fabric, nodes = [], ...status }: LabStatus, { changed, seconds }: Run): string {
  const where = fabric ? ` on the ${fabric} fabric` : "";
  return `${stack} is up${changed ? "" : ", unchanged"}: ${runsText(status)}${where}, ${nodes.length} nodes (${seconds.toFixed(1)} s).`;
}

/** What is said at the end of an `up` or a `switch` whose observation is not what was predicted. */
export const disagreement = (stack: string): string =>
  `Predicted and observed disagree: the lines above say where. \`${typed(`up ${stack}`)}\` measures again.`;

function measured({ observation }: LabStatus): string {
  if (!observation) return "Nothing was measured: the verdict is a prediction.";
  return "Predicted and observed agree on every pair (measured when the lab last changed).";
}

/** How to log in to the machines of a lab, and what they cost. */
function loginsOf(stack: string): string[] {
  const { login, cost, expiry } = outputsOf(deploymentOf(stack) ?? {}) ?? {};
  const lines = { login, cost, expiry };
  return Object.entries(lines).flatMap(([name, value]) =>
    typeof value === "string" ? [`${name}: ${value}`] : [],
  );
}

function nextWords(status: LabStatus): string[] {
  const { sandbox, cluster, nodes = [] } = status;
  return [...(sandbox || cluster ? [`shell ${nodes.at(-1)?.name}`, ...switchWords(status)] : []), "down"];
}
