/** Short forms of a verdict, to compare with an expectation. */
import { probesOf, rowKey, type Verdict } from "../../components/plan";

/** The rows of a lab of two subnets with two nodes each, of which all are alike, in their order. */
export const ROWS = [
  "same-node",
  "same-subnet",
  "cross-subnet",
  "pod-to-node (same-subnet)",
  "pod-to-node (cross-subnet)",
  "node-to-pod (same-subnet)",
  "node-to-pod (cross-subnet)",
  "pod-to-service (same-subnet)",
  "pod-to-service (cross-subnet)",
  "client-to-nodeport (same-subnet)",
  "client-to-nodeport (cross-subnet)",
  "client-to-nodeport (Local)",
  "pod-to-internet",
] as const;

/** Those that a control plane, Services and clients from outside use. */
export const SERVICE_ROWS = ROWS.filter((row) => /^(node-to-pod|pod-to-service|client)/.test(row));

/** The outcome of each row: one word if its probes agree, else one per probe. */
export function outcomesOf(verdict: Verdict): Record<string, string> {
  const rows = [...new Set(verdict.paths.map(rowKey))];
  return Object.fromEntries(
    rows.map((row) => {
      const probes = verdict.paths.filter((path) => rowKey(path) === row);
      const outcomes = probes.map(({ outcome }) => outcome);
      if (!probes[0] || outcomes.length !== probesOf(probes[0]).length)
        throw new Error(`${row} has ${outcomes.length} probes`);
      return [row, new Set(outcomes).size === 1 ? (outcomes[0] as string) : outcomes.join("/")];
    }),
  );
}

/** {@link outcomesOf} without the rows in which everything works. */
export const failingRows = (verdict: Verdict): Record<string, string> =>
  Object.fromEntries(Object.entries(outcomesOf(verdict)).filter(([, outcome]) => outcome !== "works"));

/** The failure of each probe that fails, with the name of its row. */
export function failuresOf(verdict: Verdict) {
  return verdict.paths.flatMap((path) => (path.failure ? [{ row: rowKey(path), ...path.failure }] : []));
}

/** How the packets of each row travel. */
export const carriersOf = (verdict: Verdict): Record<string, string> =>
  Object.fromEntries(verdict.paths.map((path) => [rowKey(path), path.carrier]));
