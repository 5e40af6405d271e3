/** The observation: what the twin's packets really did, for every ordered pair, next to what the verdict said. */
import {
  expectations,
  judge,
  type LabPlan,
  nameOf,
  type PathVerdict,
  probesOf,
  rowKey,
  rowsOf,
  sessionUp,
} from "../plan";
import { idOf } from "./order";
import { type Sample, sampleOf } from "./sample";

/** What `scripts/twin/observe` answers. */
export interface Measured {
  /** What was missing before the probes were sent, when the time limit was over, at most 20 sentences. */
  notConverged: string[];
  /** By the probe's `id`. `detail` says what happened instead, e.g. `no answer`; empty if the probe works. */
  results: Record<string, { works: boolean; detail: string }>;
  /** The state of each BGP session as BIRD names it, by node and by the peer's address. */
  sessions: Record<string, Record<string, string>>;
  /** By the capture's `id`: the answer of `ip route get`, and the packet as tcpdump shows it. Empty if there is none. */
  captures: Record<string, { route: string; packet: string }>;
}

/** One row of the table: a path, a probe, what was predicted and what was seen. */
export interface ObservedRow extends PathVerdict {
  /** `mixed`: some pairs worked and others did not. The verdict never says so. */
  observed: "works" | "fails" | "mixed";
  /** How many pairs worked, out of `pairs`. */
  working: number;
  pairs: number;
  /** Whether all pairs did what the verdict said. */
  agrees: boolean;
  /** The result of the first pair that failed, e.g. `no answer`. Empty if no pair failed. */
  detail: string;
}

/** What every pair of a twin did, next to what the verdict said. `lab observe --json` prints it. */
export interface Observation {
  /** What was observed: says that the twin is a model. */
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
}

/**
 * Compares what was measured with the verdict. Pure. A pair of the sample that was not measured counts as failed.
 * @param at when the measuring ended.
 * @param sample the pairs that should have been measured.
 */
export function compare(
  plan: LabPlan,
  measured: Measured,
  at: Date,
  sample: Sample = sampleOf(plan),
): Observation {
  const { pairs, of } = sample;
  const { rows: planned, rowOf } = rowsOf(plan);
  const works = expectations(plan);
  const tallies = new Map<string, { working: number; pairs: number; detail: string }>();
  const disagreements: string[] = [];
  for (const pair of pairs) {
    const row = rowOf(pair).key;
    for (const probe of probesOf(pair)) {
      const result = measured.results[idOf(pair, probe)] ?? { works: false, detail: "not measured" };
      const key = `${row}:${probe}`;
      const tally = tallies.get(key) ?? { working: 0, pairs: 0, detail: "" };
      tallies.set(key, tally);
      tally.pairs += 1;
      if (result.works) tally.working += 1;
      else tally.detail ||= result.detail;
      const expected = works(pair, probe);
      if (expected !== result.works) {
        disagreements.push(
          `${pair.from.name} > ${nameOf(pair.to)} (${row}, ${probe}): predicted ${word(expected)}, observed ${word(result.works)}${result.detail && `: ${result.detail}`}`,
        );
      }
    }
  }
  disagreements.push(...sessionDisagreements(plan, measured));
  const rows = judge(plan).paths.map((row) => observeRow(row, tallies.get(`${rowKey(row)}:${row.probe}`)));
  return {
    of: "the network twin, a model",
    at: at.toISOString(),
    agrees: disagreements.length === 0,
    ...(pairs.length < of && { sample: { pairs: pairs.length, of } }),
    rows,
    disagreements: disagreements.slice(0, 20),
    notConverged: measured.notConverged,
    wire: planned.map(({ key, pair }) => ({
      path: key,
      example: `${pair.from.name} > ${nameOf(pair.to)}`,
      ...(measured.captures[key] ?? { route: "not measured", packet: "not measured" }),
    })),
    sessionsDown: sessionsDown(measured),
  };
}

const word = (works: boolean): "works" | "fails" => (works ? "works" : "fails");

function observeRow(row: PathVerdict, tally = { working: 0, pairs: 0, detail: "not measured" }): ObservedRow {
  const all = tally.working === tally.pairs && tally.pairs > 0;
  const observed = all ? "works" : tally.working === 0 ? "fails" : "mixed";
  return { ...row, ...tally, observed, agrees: observed === row.outcome };
}

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
  return Object.entries(measured.sessions).flatMap(([name, peers]) =>
    Object.entries(peers).flatMap(([address, state]) => {
      const [node, peer] = [byName.get(name), byAddress.get(address)];
      const expected = node !== undefined && peer !== undefined && sessionUp(plan, node, peer);
      if ((state === "Established") === expected) return [];
      return [`BGP ${name} > ${address}: predicted ${expected ? "Established" : "down"}, observed ${state}`];
    }),
  );
}
