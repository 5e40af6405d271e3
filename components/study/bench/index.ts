/** Public API of the benchmark: what the encapsulations cost, as ratios to the path without one. */
export {
  BENCH_PATHS,
  type Bench,
  type BenchLoss,
  type BenchMode,
  type BenchPair,
  type BenchPath,
  type BenchSample,
  METRIC_NAMES,
  METRICS,
  type Metric,
  WARM_UP,
  type Way,
} from "./bench";
export { benchSections, formatBenchMarkdown } from "./markdown";
export { type BenchHands, CannotSwitch, measureBench, NoIperf } from "./measure";
export {
  type BenchOrder,
  type BenchSettings,
  benchOrder,
  changesIn,
  durationOf,
  type ModePlan,
  stepsOf,
} from "./order";
export {
  benchCaution,
  benchMethod,
  benchNotes,
  formatBench,
  inRatio,
  inUnit,
  labelOf,
  refusals,
} from "./report";
export { benchFigures, figureOf, middleOf, ratioOf, waysOf } from "./statistics";
