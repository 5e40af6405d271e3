/**
 * What a lab costs per hour, as an estimate: from a small table with its date, so that a preview says it without an
 * account and without asking a price API.
 */

/** Something that is paid for by the hour. */
export interface CostItem {
  /** As one would say it, e.g. `t3.medium`. */
  what: string;
  count: number;
  /** US dollars per hour for one; undefined when the table does not know it. */
  perHour: number | undefined;
}

export interface CostEstimate {
  /** US dollars per hour; undefined when something in it has no known price. */
  perHour: number | undefined;
  /** What it consists of and where the prices come from, in one line. */
  sentence: string;
}

/** @param source where the prices come from, and of which date. */
export function estimateCost(items: readonly CostItem[], source: string): CostEstimate {
  const shown = items.map(({ what, count }) => `${count} × ${what}`).join(", ");
  const unknown = items.filter(({ perHour }) => perHour === undefined).map(({ what }) => what);
  if (unknown.length > 0)
    return {
      perHour: undefined,
      sentence: `cost: ${shown}; no price is known here for ${unknown.join(", ")}`,
    };
  const sum = items.reduce((total, { count, perHour }) => total + count * (perHour ?? 0), 0);
  const perHour = Math.round(sum * 1000) / 1000;
  return { perHour, sentence: `cost, an estimate: $${perHour.toFixed(3)} per hour (${shown}; ${source})` };
}
