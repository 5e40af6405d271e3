// A full disk at every size: from one that cannot hold a folder to one that is never full.
import { fillTheDisk } from "../../support/disk-cases";

/** From, to and step, both ends included. */
const walk = (from: number, to: number, step: number): number[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);

fillTheDisk({
  // A little above 3 MiB, what is held back and what must be free just fit.
  sizes: [...walk(4, 64, 12), ...walk(128, 2688, 320), ...walk(2816, 4096, 64), 5120, 8192],
  fills: [1, ...walk(10_000, 110_000, 10_000)],
  kills: [5000, ...walk(10_000, 90_000, 20_000)],
});
