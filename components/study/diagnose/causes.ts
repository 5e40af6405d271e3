/** The most likely cause of what was seen in a cluster: the faults under which the model predicts the same. */
import { FAULTS, type Fault, type FaultSetting, faultLabel, faultOf } from "../../config";
import {
  arePeers,
  expectations,
  FAULT_FACTS,
  fabricFacts,
  hasEffect,
  type LabPlan,
  pairsOf,
  probesOf,
  recordedIp,
  sessionUp,
  withFaults,
} from "../../plan";
import type { NodeFacts } from "../measured";
import type { PairOutcome } from "../observation";
import { idOf } from "../order";
import { nodesShow } from "./nodes";

/** What was seen. */
export interface Seen {
  outcomes: readonly Pick<PairOutcome, "id" | "observed">[];
  /** The peers whose sessions are not established, by node. Undefined: sessions were not looked at. */
  sessionsDown?: Readonly<Record<string, readonly string[]>>;
  /** Whether the Service of CoreDNS was seen to have no endpoint. */
  dnsDown?: boolean;
  /** What each node has. */
  nodes?: readonly NodeFacts[] | undefined;
}

/** Faults that together explain what was seen. */
export interface Cause {
  faults: FaultSetting[];
  /** How many probes and sessions it predicts otherwise than they were seen. 0: it explains everything. */
  unexplained: number;
}

/** What was found. */
export interface Diagnosis {
  /** Whether everything is as in a cluster without any fault. */
  isHealthy: boolean;
  /** How many probes and sessions differ from such a cluster. */
  differing: number;
  /** The best explanation; undefined if none explains most of what differs. */
  cause?: Cause;
  /** Other faults that explain as much: the probes cannot tell them apart. */
  alternatives: Cause[];
  /**
   * Faults that something else than the probes has shown, and that change the lab but no probe's result: `node-as-32` only
   * puts packets into the tunnel that would not need it.
   */
  unfelt: FaultSetting[];
  /** The faults that were considered, and do not explain what was seen. */
  ruledOut: string[];
}

/** How many faults may stand together. */
const MOST_TOGETHER = 3;
/** The share of the differences that a cause may leave unexplained: with more, its likeness is a coincidence. */
const MOST_UNEXPLAINED = 0.3;
/** How many explanations are added to in each round. */
const BEAM = 6;
/** Up to so many nodes, each is suspected by itself. */
const MOST_NODES = 16;

/**
 * Finds the cause. Pure.
 * @param healthy the cluster's plan without faults.
 * @param suspected faults that something else than the probes has shown. They are tried first, and win among equals.
 */
export function diagnose(healthy: LabPlan, seen: Seen, suspected: readonly FaultSetting[] = []): Diagnosis {
  const countOf = counter(healthy, seen);
  const differing = countOf([]);
  const { faults: shown, refutes } = nodesShow(seen.nodes);
  const all = [...suspected, ...shown];
  const suspects = all.filter((fault) => hasEffect(withFaults(healthy, all), fault) && !refutes(fault));
  const known = [...suspects, ...candidates(healthy).filter((one) => !refutes(one))].filter(
    (one, i, every) => every.findIndex((other) => faultLabel(other) === faultLabel(one)) === i,
  );
  const unfelt = suspects.filter((fault) => countOf([fault]) === differing);
  if (differing === 0) return { isHealthy: true, differing, alternatives: [], unfelt, ruledOut: [] };
  const scored = known.map((fault) => ({ faults: [fault], unexplained: countOf([fault]) }));
  const together = suspects.length > 1 ? [{ faults: suspects, unexplained: countOf(suspects) }] : [];
  let causes = ranked([...together, ...scored], suspects);
  for (let size = 2; (causes[0]?.unexplained ?? 0) > 0 && size <= MOST_TOGETHER; size++) {
    // Of two faults, neither may explain much by itself: all pairs are tried, and later the best ones are added to.
    const everywhere = known
      .filter((one) => typeof one === "string")
      .map((one): Cause => ({ faults: [one], unexplained: 0 }));
    const bases = [...causes.slice(0, BEAM), ...(size === 2 ? everywhere : [])];
    const isNew = (base: Cause, fault: FaultSetting) =>
      base.faults.every((one) => faultOf(one) !== faultOf(fault));
    const larger = bases.flatMap((base, i) =>
      (i < BEAM ? known : known.filter((one) => typeof one === "string"))
        .filter((fault) => isNew(base, fault))
        .map((fault) => [...base.faults, fault]),
    );
    const next = ranked(
      distinct(larger).map((faults) => ({ faults, unexplained: countOf(faults) })),
      suspects,
    );
    if ((next[0]?.unexplained ?? Number.POSITIVE_INFINITY) >= (causes[0]?.unexplained ?? 0)) break;
    causes = next;
  }
  const [best, ...others] = causes;
  const cause = best && best.unexplained <= differing * MOST_UNEXPLAINED ? best : undefined;
  const alternatives = cause ? others.filter((one) => one.unexplained === cause.unexplained) : [];
  const explaining = [cause, ...alternatives].flatMap((one) => one?.faults ?? []);
  const named = new Set([...explaining, ...unfelt].map(faultOf));
  return {
    isHealthy: false,
    differing,
    ...(cause && { cause }),
    alternatives,
    unfelt: unfelt.filter((fault) => !explaining.some((one) => faultLabel(one) === faultLabel(fault))),
    ruledOut: [...new Set(known.map(faultOf))].filter((fault) => !named.has(fault)),
  };
}

const distinct = (sets: readonly FaultSetting[][]): FaultSetting[][] => [
  ...new Map(sets.map((faults) => [faults.map(faultLabel).sort().join("; "), faults])).values(),
];

/** The best first: what explains most, then what was suspected, then what is on all nodes. */
function ranked(causes: readonly Cause[], suspects: readonly FaultSetting[]): Cause[] {
  const labels = new Set(suspects.map(faultLabel));
  const isSuspected = ({ faults }: Cause) => (faults.every((one) => labels.has(faultLabel(one))) ? 0 : 1);
  const isPlaced = ({ faults }: Cause) => faults.filter((one) => typeof one !== "string").length;
  return [...causes].sort(
    (a, b) => a.unexplained - b.unexplained || isSuspected(a) - isSuspected(b) || isPlaced(a) - isPlaced(b),
  );
}

/** Every fault that this cluster can have: everywhere, and on each node by itself. */
/** A lab without sites has no link that could be broken. */
const canBeIn = (plan: LabPlan, fault: Fault): boolean =>
  FAULT_FACTS[fault].fabrics.includes(plan.fabric) && (FAULT_FACTS[fault].of !== "link" || !!plan.sites);

function candidates(plan: LabPlan): FaultSetting[] {
  const nodes = plan.nodes.length <= MOST_NODES ? plan.nodes.map(({ name }) => name) : [];
  const directions = fabricFacts(plan).securityGroup ? ([undefined] as const) : ([undefined, "out"] as const);
  return FAULTS.filter((fault) => canBeIn(plan, fault)).flatMap((fault): FaultSetting[] => {
    const { onAllBecause, closes } = FAULT_FACTS[fault];
    const ways = closes ? directions : ([undefined] as const);
    return [
      fault,
      ...(onAllBecause
        ? []
        : nodes.flatMap((node) =>
            ways.map((direction) => ({ fault, nodes: [node], ...(direction && { direction }) })),
          )),
    ];
  });
}

/**
 * A plan as the probes of a cluster feel it. They go to Services of the study, and not to CoreDNS's, of which the twin's Service
 * takes the place: in a cluster, `dns-loop` loses none of them.
 */
export const probed = (plan: LabPlan): LabPlan => withFaults(plan, plan.faults.filter(isProbed));

const isProbed = (setting: FaultSetting): boolean => faultOf(setting) !== "dns-loop";

/** Counts what faults predict otherwise than it was seen. */
function counter(healthy: LabPlan, { outcomes, sessionsDown, dnsDown = false }: Seen) {
  const pairs = new Map(
    pairsOf(healthy).flatMap((pair) =>
      probesOf(pair).map((probe) => [idOf(pair, probe), { pair, probe }] as const),
    ),
  );
  const seen = outcomes.flatMap(({ id, observed }) => {
    const found = pairs.get(id);
    return found && observed !== "not measured" ? [{ ...found, works: observed === "works" }] : [];
  });
  const known = new Map<string, number>();
  return (faults: readonly FaultSetting[]): number => {
    const key = faults.map(faultLabel).sort().join("; ");
    const before = known.get(key);
    if (before !== undefined) return before;
    const plan = withFaults(healthy, faults.filter(isProbed));
    const works = expectations(plan);
    const wrong = seen.filter((one) => works(one.pair, one.probe) !== one.works).length;
    const sessions = sessionsDown === undefined ? 0 : sessionsUnlike(plan, sessionsDown);
    const names = faults.every(isProbed) === dnsDown ? 1 : 0;
    known.set(key, wrong + sessions + names);
    return wrong + sessions + names;
  };
}

function sessionsUnlike(plan: LabPlan, down: NonNullable<Seen["sessionsDown"]>): number {
  if (!plan.bgp.enabled) return 0;
  return plan.nodes.flatMap((node) =>
    plan.nodes.filter((peer) => {
      if (peer === node || !arePeers(plan, node, peer)) return false;
      const isDown =
        down[node.name]?.some((address) => address === peer.address || address === recordedIp(peer)) ?? false;
      return sessionUp(plan, node, peer) === isDown;
    }),
  ).length;
}
