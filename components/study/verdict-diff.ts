/** What differs between two labs: what they are, and what the verdict says of each path. Pure. */
import { faultLabel } from "../config";
import {
  describeBgp,
  encapsulationText,
  type LabPlan,
  type PathVerdict,
  poolsText,
  rowKey,
  type Verdict,
} from "../plan";
import { travelOf } from "./change-report";
import { DEFAULT_WIDTH, formatColumns, wrap } from "./columns";
import { describeFailure, failureGroups, groupBy, listNames } from "./failure";
import { type ReportOptions, shorten } from "./verdict-report";

/** A lab to compare: what is said of it, its plan and its verdict. */
export interface Side {
  /** Its name in the head line and above its column, e.g. `L7`. */
  name: string;
  plan: LabPlan;
  verdict: Verdict;
}

/** A value that two labs do not have in common. */
export interface FactDiff {
  /** What it is, in the words of the config: `encapsulation`, `faults`, `MTU of pods`. */
  what: string;
  a: string;
  b: string;
}

/** A probe of a path whose prediction differs. Undefined where a lab has no such path. */
export interface ProbeDiff {
  path: string;
  probe: PathVerdict["probe"];
  a?: Pick<PathVerdict, "outcome" | "carrier" | "failure">;
  b?: Pick<PathVerdict, "outcome" | "carrier" | "failure">;
}

/** What differs between two labs. */
export interface LabDiff {
  /** Whether nothing differs: neither what they are nor what is predicted. */
  same: boolean;
  facts: FactDiff[];
  paths: ProbeDiff[];
  /** Nodes whose calico-node becomes ready in one of the two labs only. */
  notReady: { a: string[]; b: string[] };
}

/** Compares two labs. A path that fails in both differs if another cause needs another fix. */
export function diffOf(a: Side, b: Side): LabDiff {
  const [left, right] = [byProbe(a.verdict), byProbe(b.verdict)];
  const keys = [...new Set([...left.keys(), ...right.keys()])];
  const paths = keys.flatMap((key): ProbeDiff[] => {
    const [one, other] = [left.get(key), right.get(key)];
    const row = (one ?? other) as PathVerdict;
    if (one && other && fateOf(one) === fateOf(other)) return [];
    return [
      {
        path: rowKey(row),
        probe: row.probe,
        ...(one && { a: shown(one) }),
        ...(other && { b: shown(other) }),
      },
    ];
  });
  const facts = factsOf(a.plan).flatMap(([what, value], i): FactDiff[] => {
    const other = factsOf(b.plan)[i]?.[1] ?? "";
    return value === other ? [] : [{ what, a: value, b: other }];
  });
  const [unreadyA, unreadyB] = [a, b].map(({ verdict }) => verdict.notReady.map(({ node }) => node));
  const without = (these: readonly string[] = [], those: readonly string[] = []) =>
    these.filter((node) => !those.includes(node));
  const notReady = { a: without(unreadyA, unreadyB), b: without(unreadyB, unreadyA) };
  const same = [facts, paths, notReady.a, notReady.b].every(({ length }) => length === 0);
  return { same, facts, paths, notReady };
}

const byProbe = ({ paths }: Verdict): Map<string, PathVerdict> =>
  new Map(paths.map((row) => [`${rowKey(row)}:${row.probe}`, row]));

const shown = ({ outcome, carrier, failure }: PathVerdict) => ({
  outcome,
  carrier,
  ...(failure && { failure }),
});

/** What is compared of a probe. Not the names and addresses of the example's nodes: another lab has others. */
const fateOf = ({ outcome, carrier, failure }: PathVerdict): string =>
  JSON.stringify([outcome, carrier, failure?.fix, failure?.reference, failure?.fault]);

/** What a lab is, as far as it decides about packets, in the words of the config. */
function factsOf(plan: LabPlan): [what: string, value: string][] {
  const sizes = plan.subnets.map(({ name }) => plan.nodes.filter(({ subnet }) => subnet === name).length);
  return [
    ["cloud", plan.cloud],
    ["fabric", plan.backend ? `${plan.fabric} (${plan.backend})` : plan.fabric],
    ["encapsulation", encapsulationText(plan)],
    ["faults", plan.faults.map(faultLabel).join(", ") || "none"],
    ["natOutgoing", String(plan.ipPool.natOutgoing)],
    [
      "podRoutes",
      plan.bgp.gatewayAsNumber !== undefined ? "bgp" : plan.podRoutes.length > 0 ? "static" : "none",
    ],
    ["bgp", describeBgp(plan)],
    ["calico", String(plan.calico)],
    ["podCidr", plan.ipPool.cidr],
    ["ipPools", poolsText(plan) ?? "one"],
    ["nodes per subnet", sizes.join(" + ")],
    ["MTU of link and pods", `${plan.mtu.link}, ${plan.mtu.pod}`],
    ["proxyMode", plan.proxyMode],
  ];
}

/** The difference as text: what the labs are, then the paths side by side, then why each side's paths fail. */
export function formatDiff(
  a: Side,
  b: Side,
  { width = DEFAULT_WIDTH }: Pick<ReportOptions, "width"> = {},
): string {
  const { same, facts, paths, notReady } = diffOf(a, b);
  if (same)
    return wrap(`${a.name} and ${b.name} are the same, and so is what is predicted for them.`, { width });
  const table = (head: string, rows: string[][]) =>
    formatColumns([{ head }, { head: a.name }, { head: b.name }], rows, width);
  const names = [...new Set(paths.map(({ path }) => path))];
  const rows = names.map((path) => [shorten(path), travelIn(a.verdict, path), travelIn(b.verdict, path)]);
  const [left, right] = [a, b].map(({ verdict }) => verdict.paths.map(rowKey));
  const unchanged = [...new Set(left)].filter((path) => right?.includes(path) && !names.includes(path));
  const readiness = (
    [
      [a, notReady.a],
      [b, notReady.b],
    ] as const
  ).flatMap(([{ name }, nodes]) =>
    nodes.length > 0 ? [`Only in ${name}, calico-node does not become ready on ${nodes.join(", ")}.`] : [],
  );
  return [
    ...(facts.length > 0
      ? [
          table(
            "CONFIG",
            facts.map(({ what, a: x, b: y }) => [what, x, y]),
          ),
        ]
      : []),
    names.length > 0 ? table("PATH", rows) : wrap("What is predicted for each path is the same.", { width }),
    ...(names.length > 0 && unchanged.length > 0
      ? [wrap(`the same: ${listNames(unchanged)}`, { width })]
      : []),
    ...readiness.map((text) => wrap(text, { width })),
    ...[a, b].flatMap(({ name, verdict }) => {
      const failing = verdict.paths.filter((row) => names.includes(rowKey(row)));
      return failureGroups(failing).map((rows) => {
        const label = `${name}: `;
        return label + describeFailure(rows, { width, label });
      });
    }),
  ].join("\n");
}

/** How the packets of a path fare and travel. */
function travelIn({ paths }: Verdict, path: string): string {
  const [rows] = groupBy(
    paths.filter((row) => rowKey(row) === path),
    rowKey,
  );
  return rows ? travelOf(rows) : "no such path";
}
