/** The last benchmark of a lab, kept for its report, and benchmarks in files. */
import * as fs from "node:fs";
import * as path from "node:path";
import type { Bench } from "../../components/study/bench";
import { badUsage } from "./failure";
import { overlayFolder } from "./overlay";

/** It is gone with all else that is kept for the lab, at `down`. */
const fileOf = (stack: string): string => path.join(overlayFolder(stack), "bench.json");

/** Keeps a benchmark, in place of the one before. */
export function keepBench(stack: string, bench: Bench): void {
  fs.mkdirSync(overlayFolder(stack), { recursive: true, mode: 0o700 });
  fs.writeFileSync(fileOf(stack), JSON.stringify(bench));
}

/** The last benchmark. */
export function lastBench(stack: string): Bench | undefined {
  try {
    return benchIn(fs.readFileSync(fileOf(stack), "utf8"));
  } catch {
    // There was none, or a full disk has left half of it: nothing depends on it.
    return undefined;
  }
}

/** The benchmark in a file that `lab bench --json` has written. @throws {Failure} when there is none in it. */
export function readBench(file: string): Bench {
  let found: Bench | undefined;
  try {
    found = benchIn(fs.readFileSync(file, "utf8"));
  } catch (error) {
    throw badUsage(`${file} cannot be read as JSON: ${(error as Error).message}.`);
  }
  if (found) return found;
  throw badUsage(`${file} has no benchmark: it must be a file that \`lab bench --json FILE\` has written.`);
}

/** Without what belongs to the file alone: the commands and what they printed. */
function benchIn(text: string): Bench | undefined {
  const { lab, summary, evidence, ...bench } = JSON.parse(text) as Bench & Record<string, unknown>;
  const isBench = [bench.pairs, bench.modes, bench.lost, bench.samples, bench.machines, bench.notes].every(
    Array.isArray,
  );
  return isBench ? bench : undefined;
}
