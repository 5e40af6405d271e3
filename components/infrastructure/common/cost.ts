/**
 * Estimates what a lab costs per hour. Prices come from a small table with a date, so that a preview needs no account
 * and no price API.
 */
import type { CostEstimate } from "../interface";

/** Something that is paid for by the hour. */
export interface CostItem {
  /** As shown to the user, e.g. `t3.medium`. */
  what: string;
  count: number;
  /** US dollars per hour for one; undefined if the table has no price for it. */
  perHour: number | undefined;
}

/** Adds up the items. @param source where the prices come from, with their date. */
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
  return { perHour, sentence: `estimated cost: $${perHour.toFixed(3)} per hour (${shown}; ${source})` };
}
