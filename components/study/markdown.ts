/** An observation as Markdown: for the summary of a CI job, or an issue. */
import { rowKey } from "../plan";
import { groupBy } from "./failure";
import { folded, list, plain, table } from "./markdown-text";
import type { Observation } from "./observation";
import { countOf, deviceOf, headlineOf, tunnelOf } from "./observation-report";
import { outcomeOf, PROBE_COLUMNS, rowIn } from "./verdict-report";

/**
 * The table of paths, then what differs from the verdict, and what else was looked at.
 * @param lab the stack's name.
 */
export function formatMarkdown(lab: string, observation: Observation): string {
  const { rows, wire, disagreements, notConverged, checks = [], sample, agrees } = observation;
  const heads = ["Path", "Verdict", ...PROBE_COLUMNS.map(({ head }) => head), "Device", "Tunnel"];
  const lines = groupBy(rows, rowKey).map((probes) => {
    const path = rowKey(probes[0]);
    const seen = wire.find((item) => item.path === path);
    const counts = PROBE_COLUMNS.map((column) => countOf(rowIn(probes, column)));
    const how = [deviceOf(seen?.route, false), tunnelOf(seen?.packet)];
    return [path, outcomeOf(probes), ...counts, ...how].map(plain);
  });
  const differing = checks.filter((check) => !check.agrees);
  const section = (title: string, items: readonly string[]) =>
    items.length === 0 ? [] : [`### ${title}`, list(items)];
  const packets = wire.filter(({ packet }) => packet !== "" && packet !== "not measured");
  return `${[
    `## ${agrees ? "✅" : "❌"} ${plain(lab)}: ${plain(headlineOf(observation))}`,
    table(heads, lines),
    "Each cell: pairs that worked, of all pairs that were measured. PING: a ping, or to a Service a datagram; MTU: the largest packet.",
    ...(sample ? [`A sample: ${sample.pairs} of ${sample.of} pairs.`] : []),
    ...section("Disagreement between verdict and observation", disagreements),
    ...section("Did not converge in time", notConverged),
    ...(checks.length > 0
      ? [
          `${checks.length - differing.length} of ${checks.length} other checks are as predicted (DNS, calico-node, MTUs, addresses).`,
        ]
      : []),
    ...(packets.length > 0 ? [folded("One packet of each path", packets.map(packetText).join("\n\n"))] : []),
  ].join("\n\n")}\n`;
}

const packetText = ({ path, example, route, packet }: Observation["wire"][number]): string =>
  `${path}, ${example}\n  ip route get: ${route}\n  ${packet
    .split("\n")
    .map((line) => line.trim())
    .join("\n  ")}`;
