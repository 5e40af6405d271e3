/** Knows when a script has begun: by signs in what it prints. */
import { setTimeout as delay } from "node:timers/promises";

/**
 * Waits for signs.
 * @param sign a pattern with the flag `g`.
 * @param seconds after which they are not waited for any longer.
 * @returns `hear` takes what is printed, in pieces; `given` is when there were so many signs, or the time is over.
 */
export function awaitSigns(
  sign: RegExp,
  count: number,
  seconds: number,
): { hear(chunk: string): void; given: Promise<void> } {
  let printed = "";
  let areGiven = false;
  let give = () => {};
  const all = new Promise<void>((resolve) => {
    give = resolve;
  });
  return {
    hear(chunk) {
      if (areGiven) return;
      printed += chunk;
      areGiven = (printed.match(sign)?.length ?? 0) >= count;
      if (areGiven) give();
    },
    given: Promise.race([all, delay(seconds * 1000, undefined, { ref: false })]),
  };
}
