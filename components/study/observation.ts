/** The observation: what packets really did, for every ordered pair, next to what the verdict said. */
import {
  expectations,
  gatewaySessionUp,
  judge,
  type LabPlan,
  nameOf,
  type PathVerdict,
  type ProbeName,
  probesOf,
  rowKey,
  rowsOf,
  sessionUp,
} from "../plan";
import type { Check, Measured, NodeFacts, ProbeResult } from "./measured";
import { idOf } from "./order";
import { type Sample, sampleOf } from "./sample";

/** One row of the table: a path, a probe, what was predicted and what was seen. */
export interface ObservedRow extends PathVerdict {
  /** `mixed`: some pairs worked and others did not. The verdict never says so. */
  observed: "works" | "fails" | "mixed" | "not measured";
  /** How many pairs worked, out of `pairs`, which are those that could be measured. */
  working: number;
  pairs: number;
  /** How many pairs could not be measured. Absent if there are none. */
  unmeasured?: number;
  /** Whether all pairs that were measured did what the verdict said. */
  agrees: boolean;
  /** The result of the first pair that failed, e.g. `no answer`; else why one could not be measured; else empty. */
  detail: string;
}

/** What every pair of a lab did, next to what the verdict said. `lab observe --json` prints it. */
export interface Observation {
  /** What was observed: `the cluster`, or that the twin is a model. */
  of: string;
  /** When the measuring ended, as an ISO 8601 time in UTC. Absent in states of version 0.1. */
  at?: string;
  /** Whether every pair, and every BGP session, did what the verdict said. */
  agrees: boolean;
  /** Set if only a sample of the pairs was probed: how many, out of how many. See `sampleOf`. */
  sample?: { pairs: number; of: number };
  rows: ObservedRow[];
  /** Pairs whose outcome differs from the verdict, at most 20 of them. */
  disagreements: string[];
  /** Routes that did not converge within the time limit. */
  notConverged: string[];
  /**
   * For one pair of each path: the answer of `ip route get`, and the packet as tcpdump shows it, on two lines if it is in
   * a VXLAN tunnel. Empty if there was none.
   */
  wire: { path: string; example: string; route: string; packet: string }[];
  /** BGP sessions that are not established, by node. */
  sessionsDown: Record<string, string[]>;
  /** What else was looked at: DNS, calico-node, MTUs. Only of a real cluster. */
  checks?: Check[];
  /** What each node has. Only of a real cluster. */
  nodes?: NodeFacts[];
}

/** What is observed, if nothing else is said. */
export const TWIN = "the network twin, a model";

/** What {@link compare} counts for one row and probe. */
type Tally = Pick<ObservedRow, "working" | "pairs" | "detail"> & {
  unmeasured: number;
  why: string;
  differ: number;
};

/**
 * Compares what was measured with the verdict. Pure. A pair of the sample for which the prober says nothing counts as failed.
 * @param at when the measuring ended.
 * @param sample the pairs that should have been measured.
 * @param of what was measured.
 */
export function compare(
  plan: LabPlan,
  measured: Measured,
  at: Date,
  sample: Sample = sampleOf(plan),
  of: string = TWIN,
): Observation {
  const { pairs } = sample;
  const tallies = new Map<string, Tally>();
  const disagreements: string[] = [];
  for (const outcome of outcomesOf(plan, measured, sample)) {
    const { row, probe, from, to, predicted, observed, detail } = outcome;
    const key = `${row}:${probe}`;
    const tally = tallies.get(key) ?? { working: 0, pairs: 0, detail: "", unmeasured: 0, why: "", differ: 0 };
    tallies.set(key, tally);
    count(tally, outcome);
    if (differs(outcome)) {
      const seen = `predicted ${predicted}, observed ${observed}${detail && `: ${detail}`}`;
      disagreements.push(`${from} > ${to} (${row}, ${probe}): ${seen}`);
    }
  }
  const { checks = [], nodes } = measured;
  disagreements.push(...sessionDisagreements(plan, measured), ...checks.flatMap(disagreement));
  const rows = judge(plan).paths.map((row) => observeRow(row, tallies.get(`${rowKey(row)}:${row.probe}`)));
  return {
    of,
    at: at.toISOString(),
    agrees: disagreements.length === 0,
    ...(pairs.length < sample.of && { sample: { pairs: pairs.length, of: sample.of } }),
    rows,
    disagreements: disagreements.slice(0, 20),
    notConverged: measured.notConverged,
    wire: rowsOf(plan).rows.map(({ key, pair }) => ({
      path: key,
      example: `${pair.from.name} > ${nameOf(pair.to)}`,
      ...(measured.captures[key] ?? { route: "not measured", packet: "not measured" }),
    })),
    sessionsDown: sessionsDown(measured),
    ...(measured.checks && { checks }),
    ...(nodes && { nodes }),
  };
}

/** What one probe of one pair did, beside what the verdict said. */
export interface PairOutcome {
  /** The probe's `id`, as in the evidence. */
  id: string;
  /** The name of the verdict's row. */
  row: string;
  probe: ProbeName;
  from: string;
  to: string;
  predicted: "works" | "fails";
  observed: "works" | "fails" | "not measured";
  /** What happened instead of an answer; else empty. */
  detail: string;
}

/** Every probe of every pair of the sample, with its outcome. Pure. */
export function outcomesOf(plan: LabPlan, measured: Measured, { pairs }: Sample): PairOutcome[] {
  const { rowOf } = rowsOf(plan);
  const works = expectations(plan);
  return pairs.flatMap((pair) =>
    probesOf(pair).map((probe): PairOutcome => {
      const id = idOf(pair, probe);
      const result: ProbeResult = measured.results[id] ?? { works: false, detail: "not measured" };
      return {
        id,
        row: rowOf(pair).key,
        probe,
        from: pair.from.name,
        to: nameOf(pair.to),
        predicted: word(works(pair, probe)),
        observed: result.unmeasured ? "not measured" : word(result.works),
        detail: result.detail,
      };
    }),
  );
}

const word = (works: boolean): "works" | "fails" => (works ? "works" : "fails");

/** Whether a probe did something else than predicted. One that was not measured does not. */
export const differs = ({ predicted, observed }: PairOutcome): boolean =>
  observed !== "not measured" && observed !== predicted;

/** Adds an outcome to its row's tally. */
function count(tally: Tally, outcome: PairOutcome): void {
  const { observed, detail } = outcome;
  if (observed === "not measured") {
    tally.unmeasured += 1;
    tally.why ||= detail;
    return;
  }
  tally.pairs += 1;
  if (observed === "works") tally.working += 1;
  else tally.detail ||= detail;
  if (differs(outcome)) tally.differ += 1;
}

function observeRow(row: PathVerdict, tally?: Tally): ObservedRow {
  if (!tally)
    return { ...row, working: 0, pairs: 0, detail: "not measured", observed: "not measured", agrees: true };
  const { working, pairs, unmeasured, why, differ, detail } = tally;
  const observed =
    pairs === 0 ? "not measured" : working === pairs ? "works" : working === 0 ? "fails" : "mixed";
  return {
    ...row,
    working,
    pairs,
    detail: detail || why,
    ...(unmeasured > 0 && { unmeasured }),
    observed,
    agrees: differ === 0,
  };
}

/** A check that differs from the plan, in a sentence. */
const disagreement = ({ name, predicted, observed, agrees, explanation }: Check): string[] =>
  agrees
    ? []
    : [`${name}: predicted ${predicted}, observed ${observed}${explanation ? `: ${explanation}` : ""}`];

function sessionsDown(measured: Measured): Record<string, string[]> {
  const down = Object.entries(measured.sessions).map(([node, peers]): [string, string[]] => [
    node,
    Object.entries(peers).flatMap(([peer, state]) => (state === "Established" ? [] : [peer])),
  ]);
  return Object.fromEntries(down.filter(([, peers]) => peers.length > 0));
}

/** BGP is predicted, too: for each session whether it is up. */
function sessionDisagreements(plan: LabPlan, measured: Measured): string[] {
  if (!plan.bgp.enabled) return [];
  const byName = new Map(plan.nodes.map((node) => [node.name, node]));
  const byAddress = new Map(plan.nodes.map((node) => [node.address, node]));
  const gateways = new Set(plan.subnets.map(({ gateway }) => gateway));
  return Object.entries(measured.sessions).flatMap(([name, peers]) =>
    Object.entries(peers).flatMap(([address, state]) => {
      const [node, peer] = [byName.get(name), byAddress.get(address)];
      // The router is no node: its peers are nodes, and the nodes' peer is its address in their subnet.
      const withRouter = gateways.has(address) ? node : node ? undefined : peer;
      const expected = withRouter
        ? gatewaySessionUp(plan, withRouter)
        : node !== undefined && peer !== undefined && sessionUp(plan, node, peer);
      if ((state === "Established") === expected) return [];
      return [`BGP ${name} > ${address}: predicted ${expected ? "Established" : "down"}, observed ${state}`];
    }),
  );
}
