/** What the reader has chosen to see. It is kept in the address, so that a link can point to one hop of one packet. */
import type { Encapsulation } from "../../../components/config";
import { type LabPlan, nameOf, type Pair, type ProbeName, pairsOf, probesOf } from "../../../components/plan";

/** The pair, probe and hop that are shown under an encapsulation. */
export interface View {
  encapsulation: Encapsulation;
  pair: Pair;
  probe: ProbeName;
  /** Index of the hop, from 0. */
  hop: number;
}

/** The ends of a pair, by which it is found in another plan. */
export const keyOf = ({ from, to, path, port }: Pair): string =>
  [path, from.name, nameOf(to), ...(port ? [port] : [])].join(">");

/** The same pair in another plan, if it has one. */
export const pairIn = (plan: LabPlan, key: string): Pair | undefined =>
  pairsOf(plan).find((pair) => keyOf(pair) === key);

/** The probe if the pair has it, else its first. */
export const probeFor = (pair: Pair, wanted?: string): ProbeName => {
  const probes = probesOf(pair);
  return probes.find((probe) => probe === wanted) ?? (probes[0] as ProbeName);
};

/** What the address names, as far as it does. */
export function readAddress(): { encapsulation?: string; pair?: string; probe?: string; hop?: number } {
  const values = new URLSearchParams(location.hash.slice(1));
  const hop = Number(values.get("hop") ?? "");
  return {
    encapsulation: values.get("encapsulation") ?? undefined,
    pair: values.get("pair") ?? undefined,
    probe: values.get("probe") ?? undefined,
    ...(Number.isInteger(hop) && hop > 0 && { hop }),
  };
}

/** Writes the view into the address, without an entry in the browser's history for each hop. */
export function writeAddress({ encapsulation, pair, probe, hop }: View): void {
  const values = new URLSearchParams({ encapsulation, pair: keyOf(pair), probe, hop: String(hop) });
  history.replaceState(null, "", `#${values}`);
}
