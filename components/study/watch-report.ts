/** What was seen during a switch, as text for a terminal. */
import { formatColumns, wrap } from "./columns";
import type { Floor } from "./floor";
import type { ReportOptions } from "./verdict-report";
import type { Watched, WatchedFlow } from "./watch";

/** Lines of changes that are shown at most, unless all are asked for. */
const SHOWN = 8;

/**
 * A line for each path and direction: how many packets were lost, and the longest time without any. Then the connections
 * that broke, and in which order the first node changed; with `verbose`, every node.
 * @param options `floor`: what a bare patch of the IPPool loses, if that is known: it stands beside each loss.
 */
export function formatWatched(
  watched: Watched,
  { width, verbose = false, floor }: ReportOptions & { floor?: Floor } = {},
): string {
  const { flows, changes } = watched;
  const heads = ["DURING THE SWITCH", "PODS", "LOST", "LONGEST OUTAGE", ...(floor ? ["FLOOR"] : [])];
  const rows = flows.map((flow) => [
    flow.path,
    `${flow.from} > ${flow.to}`,
    `${flow.lost} of ${flow.sent}`,
    outageOf(flow),
    ...(floor ? [inWords(fails(flow) ? undefined : floor.lost[flow.path])] : []),
  ]);
  const table = formatColumns(
    heads.map((head) => ({ head })),
    rows,
    width,
  );
  const shown = verbose ? changes : changes.filter(({ node }) => node === busiest(changes)).slice(0, SHOWN);
  const hidden = changes.length - shown.length;
  return [
    table,
    ...(floor ? [wrap(`FLOOR: ${floor.source}.`, { width })] : []),
    wrap(oldConnections(watched), { width }),
    ...shown.map(({ node, at, change }) =>
      wrap(`  +${at.toFixed(2)} s  ${node}: ${change}`, { width, hang: 11 }),
    ),
    ...(hidden > 0 ? [`  (${hidden} more with -v)`] : []),
  ].join("\n");
}

/** What became of the connections that were opened before the switch, in a sentence. */
export function oldConnections({ connections }: Watched): string {
  const broken = connections.filter(({ state }) => state !== "lives");
  if (broken.length === 0)
    return `Connections from before the switch live (${connections.map(({ path }) => path).join(", ")}).`;
  return `Connections from before the switch: ${broken.map(({ path, state }) => `${path} ${state}`).join("; ")}.`;
}

/** The longest time without a datagram, in words. */
export function outageOf({ lost, outage, stays, losses }: WatchedFlow): string {
  if (lost === 0) return "none";
  const began = losses.at(-1)?.at ?? 0;
  return stays ? `since +${began.toFixed(2)} s, to the end` : `${outage} ms`;
}

/** Whether the path fails in one of the two modes: what it loses is then not what a switch costs. */
const fails = ({ stays, losses, began }: WatchedFlow): boolean => stays || losses[0]?.at === began;

const inWords = (lost: number | undefined): string =>
  lost === undefined ? "-" : lost === 0 ? "none" : `${lost} ms`;

/** The node on which most changes: it shows the order best. */
function busiest(changes: Watched["changes"]): string | undefined {
  const counts = new Map<string, number>();
  for (const { node } of changes) counts.set(node, (counts.get(node) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}
