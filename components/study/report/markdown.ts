/** A report as Markdown for an issue tracker. */
import { faultLabel } from "../../config";
import {
  encapsulationText,
  isWarning,
  judge,
  type PathVerdict,
  poolsText,
  rowKey,
  type Verdict,
} from "../../plan";
import { type Bench, benchSections } from "../bench";
import { failureGroups, groupBy, listNames } from "../failure";
import { folded, list, plain, table } from "../markdown-text";
import type { Observation, ObservedRow } from "../observation";
import { outcomeOf, PROBE_COLUMNS, rowIn, summarize } from "../verdict-report";
import type { SwitchSeen } from "../watch";
import { oldConnections, outageOf } from "../watch-report";
import type { Captured } from "./captured";
import { notDrawn, topologyChart } from "./mermaid";
import { type Report, reportedPlan } from "./report";

/** The report in GitHub's Markdown, with the topology as a Mermaid chart. Ends with a line break. */
export function formatMarkdown(report: Report): string {
  const { plan, observation } = report;
  const verdict = judge(plan);
  return [
    `## encaplab: ${plain(report.stack)}`,
    headline(report, verdict),
    pathTable(verdict, observation),
    ...disagreements(observation),
    ...checks(observation),
    ...failures(verdict),
    ...readiness(verdict),
    ...switched(report.switched),
    ...benched(report.bench),
    ...captured(report.captured),
    "### Topology",
    `\`\`\`mermaid\n${topologyChart(plan)}\n\`\`\``,
    notDrawn(plan) ?? [],
    "### The five encapsulations",
    modeTable(report),
    "### Versions and config",
    settings(report),
    ...(observation ? [folded("Packets and routes that were seen", wires(observation))] : []),
    `${[...report.notes, `The verdict cannot know: ${verdict.unknown.join("; ")}.`].map(plain).join(" ")}`,
    `<sub>Made by encaplab ${report.version} on ${report.madeAt.slice(0, 16).replace("T", " ")} UTC.</sub>`,
  ]
    .flat()
    .join("\n\n")
    .concat("\n");
}

function headline({ plan, observation, isUp }: Report, verdict: Verdict): string {
  const what = `${encapsulationText(plan)} on the ${plan.fabric} fabric, ${plan.nodes.length} nodes`;
  const predicted = `**${what}: ${summarize(groupBy(verdict.paths, rowKey))}** (a prediction).`;
  if (!observation) return `${predicted} ${isUp ? "Not measured." : "The lab is not up."}`;
  const seen = observation.agrees
    ? "Observed as predicted"
    : "**Observed NOT as predicted: verdict and observation disagree**";
  return `${predicted} ${seen}, on ${plain(observation.of)}.`;
}

function pathTable({ paths }: Verdict, observation: Observation | undefined): string {
  const seen = new Map(observation?.rows.map((row) => [`${rowKey(row)}:${row.probe}`, row]));
  const rows = groupBy(paths, rowKey).map((probes) => [
    plain(rowKey(probes[0])),
    ...PROBE_COLUMNS.map((column) => {
      const row = rowIn(probes, column);
      return row ? cell(row, seen.get(`${rowKey(row)}:${row.probe}`)) : "–";
    }),
    plain(probes[0].carrier),
  ]);
  const legend = observation ? ["In brackets: pairs that worked, of all that were measured."] : [];
  const heads = ["path", ...PROBE_COLUMNS.map(({ head }) => head), "how it travels"];
  return [table(heads, rows), ...legend].join("\n\n");
}

function cell({ outcome }: PathVerdict, seen: ObservedRow | undefined): string {
  const predicted = `${MARKS[outcome]} ${outcome}`;
  if (!seen) return predicted;
  const count = seen.pairs === 0 ? "(not measured)" : `(${seen.working}/${seen.pairs})`;
  return seen.agrees
    ? `${predicted} ${count}`
    : `**⚠️ predicted ${outcome}, observed ${seen.observed}** ${count}`;
}

const MARKS = { works: "✅", fails: "❌", partly: "🟠" } as const;

function disagreements(observation: Observation | undefined): string[] {
  if (!observation?.disagreements.length) return [];
  return ["### Verdict and observation disagree", list(observation.disagreements)];
}

/** What the last switch lost on each path. */
function switched(seen: SwitchSeen | undefined): string[] {
  if (!seen) return [];
  const rows = seen.watched.flows.map((flow) => [
    flow.path,
    plain(`${flow.from} > ${flow.to}`),
    `${flow.lost} of ${flow.sent}`,
    outageOf(flow),
  ]);
  return [
    `### The switch from ${seen.from} to ${seen.to}`,
    table(["path", "pods", "lost", "longest outage"], rows),
    plain(oldConnections(seen.watched)),
  ];
}

/** The last benchmark. Its tables have titles of their own, one level below. */
function benched(bench: Bench | undefined): string[] {
  if (!bench) return [];
  const sections = benchSections(bench).map((section) => section.replace(/^### /, "#### "));
  return ["### What the encapsulations cost", ...sections];
}

/** The packets of a capture. */
function captured(seen: Captured | undefined): string[] {
  if (!seen) return [];
  const { file, by, packets, of } = seen;
  const lines = packets.map(
    ({ at, length, text }, i) => `${i + 1}  +${at.toFixed(6)} s  ${length} B  ${text}`,
  );
  const shown = packets.length < of ? `The first ${packets.length} of ${of} packets` : `${of} packets`;
  return [
    "### Captured packets",
    plain(`${shown} of ${file}, decoded by ${by}.`),
    folded("The packets", lines.join("\n")),
  ];
}

/** What was looked at besides the paths. */
function checks(observation: Observation | undefined): string[] {
  const texts = observation?.checks?.map(
    ({ name, observed, explanation }) => `${name}: ${observed}${explanation ? `: ${explanation}` : ""}`,
  );
  return texts?.length ? [list(texts)] : [];
}

function failures({ paths }: Verdict): string[] {
  const groups = failureGroups(paths);
  if (groups.length === 0) return [];
  const texts = groups.map((rows) => {
    const { hop, cause, fix, reference } = rows[0].failure ?? {};
    const kind = isWarning(rows[0]) ? "" : " Intended, by a fault in the config.";
    return `- **${plain(listNames(groupBy(rows, rowKey).map((same) => rowKey(same[0]))))}** at ${plain(`${hop}: ${cause}`)}.${kind}\n  - Fix: ${plain(`${fix}`)}.\n  - See: <${reference}>`;
  });
  return ["### What fails, and why", texts.join("\n")];
}

function readiness({ notReady, remarks }: Verdict): string[] {
  const texts = [...notReady.map(({ node, message }) => `${node}: ${message}`), ...remarks];
  return texts.length > 0 ? [list(texts)] : [];
}

function modeTable(report: Report): string {
  const columns = report.modes.map(({ encapsulation }) => {
    const plan = reportedPlan(report, encapsulation);
    return { encapsulation, rows: plan && groupBy(judge(plan).paths, rowKey) };
  });
  const own = columns.find(({ encapsulation }) => encapsulation === report.plan.encapsulation)?.rows ?? [];
  const lines = own.map((probes) => [
    plain(rowKey(probes[0])),
    ...columns.map(({ rows }) => {
      if (!rows) return "not possible";
      // With faults on some nodes, another encapsulation may divide a path into other rows.
      const same = rows.filter(([row]) => row.path === probes[0].path && row.reach === probes[0].reach);
      const exact = rows.find(([row]) => rowKey(row) === rowKey(probes[0]));
      const outcome = outcomeOf(exact ?? same.flat());
      return `${MARKS[outcome as keyof typeof MARKS]} ${outcome}`;
    }),
  ]);
  const heads = columns.map(({ encapsulation }) =>
    encapsulation === report.plan.encapsulation ? `**${encapsulationText(report.plan)}**` : encapsulation,
  );
  return table(["path", ...heads], lines);
}

function settings({ plan, config }: Report): string {
  const { mtu, versions, ipPool } = plan;
  const faults = plan.faults.map(faultLabel).join(", ") || "none";
  const rows = [
    [
      "Kubernetes, Calico",
      plan.onTwin ? "none: the twin is a model" : `${versions.kubernetes}, ${versions.calico}`,
    ],
    ["pods", poolsText(plan) ?? `${ipPool.cidr}, a block of /${ipPool.blockSize} for each node`],
    ["MTU", `${mtu.link} on the link, ${mtu.pod} in pods`],
    ["faults", faults],
    ...config.map(({ key, value }) => [`\`${key}\``, `\`${value.replace(/`/g, "'")}\``]),
  ];
  return table(
    ["what", "value"],
    rows.map((row) => row.map((text) => (text.startsWith("`") ? text.replace(/\|/g, "\\|") : plain(text)))),
  );
}

const wires = ({ wire }: Observation): string =>
  wire
    .map(({ path, example, route, packet }) =>
      [
        `${path}, ${example}:`,
        `  ip route get: ${route || "no route"}`,
        `  tcpdump: ${packet || "nothing seen"}`,
      ].join("\n"),
    )
    .join("\n");
