/** The last benchmark: for each path a bar for every encapsulation, as a ratio to the path without one. */
import {
  type Bench,
  type BenchPair,
  benchCaution,
  benchMethod,
  benchNotes,
  figureOf,
  inRatio,
  inUnit,
  labelOf,
  METRIC_NAMES,
  METRICS,
  type Metric,
  ratioOf,
  type Way,
  waysOf,
} from "../../../components/study/bench";
import { memo } from "./memo";
import { Scroll } from "./scroll";
import "./bench.css";

/** Width of a bar's field in its own units. */
const WIDTH = 200;

/** A table for each path. The bars say nothing that the text beside them does not say. */
export const Benchmark = memo(({ bench }: { bench: Bench }) => (
  <section class="bench" aria-labelledby="bench">
    <h2 id="bench">What the encapsulations cost</h2>
    <p class="caution">{benchCaution(bench)}</p>
    {bench.pairs.map((pair) => (
      <PathBars key={pair.path} bench={bench} pair={pair} />
    ))}
    <p class="note">
      The first line of each path is the path without encapsulation; the others are ratios to it, ± half of
      the distance between the rounds. {benchMethod(bench)} Measured{" "}
      {bench.ended.slice(0, 16).replace("T", " ")} UTC.
    </p>
    <ul class="notes">
      {benchNotes(bench).map((note) => (
        <li key={note}>{note}</li>
      ))}
      {bench.machines.map(({ nodes, kernel, processors, processor, iperf3 }) => (
        <li key={nodes.join()}>
          {nodes.join(", ")}: {kernel}, {processors} × {processor}, iperf3 {iperf3}
        </li>
      ))}
    </ul>
  </section>
));

function PathBars({ bench, pair }: { bench: Bench; pair: BenchPair }) {
  const ways = waysOf(bench, pair);
  const lost = bench.lost.filter(({ path }) => path === pair.path);
  return (
    <Scroll label={`Benchmark of ${pair.path}`}>
      <table>
        <caption>
          {pair.path}{" "}
          <small class="mono">
            {pair.from} → {pair.to}
          </small>
        </caption>
        <thead>
          <tr>
            <th scope="col">Encapsulation</th>
            {METRIC_NAMES.map((metric) => (
              <th scope="col" key={metric}>
                {METRICS[metric].title}
                <small>{METRICS[metric].better === "more" ? "more is better" : "less is better"}</small>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {ways.map((way) => (
            <tr key={way}>
              <th scope="row">{labelOf(way)}</th>
              {METRIC_NAMES.map((metric) => (
                <td key={metric}>
                  <Bar bench={bench} pair={pair} way={way} metric={metric} />
                </td>
              ))}
            </tr>
          ))}
          {lost.map(({ encapsulation, hop }) => (
            <tr key={encapsulation}>
              <th scope="row">{encapsulation}</th>
              <td class="fails" colSpan={METRIC_NAMES.length}>
                lost at {hop}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

interface BarProps {
  bench: Bench;
  pair: BenchPair;
  way: Way;
  metric: Metric;
}

function Bar({ bench, pair, way, metric }: BarProps) {
  const ratio = ratioOf(bench, pair, way, metric);
  const figure = figureOf(bench, pair.path, way, metric);
  if (!ratio || !figure) return <>–</>;
  const ratios = waysOf(bench, pair).flatMap((one) => ratioOf(bench, pair, one, metric) ?? []);
  const most = Math.max(...ratios.map(({ median, spread }) => median + spread));
  const place = (value: number) => (Math.max(0, value) / most) * WIDTH;
  const isBaseline = way === pair.baseline;
  const [low, high] = [place(ratio.median - ratio.spread), place(ratio.median + ratio.spread)];
  return (
    <>
      <svg class="ratio" viewBox={`0 0 ${WIDTH} 14`} preserveAspectRatio="none" aria-hidden="true">
        <rect
          class={isBaseline ? "baseline" : carrierOf(bench, pair, way)}
          width={place(ratio.median)}
          height="14"
        />
        {ratio.spread > 0 && <line class="spread" x1={low} x2={high} y1="7" y2="7" />}
        <line class="one" x1={place(1)} x2={place(1)} y1="0" y2="14" />
      </svg>
      <span title={isBaseline ? undefined : inUnit(figure.median, metric)}>
        {isBaseline ? inUnit(figure.median, metric) : inRatio(ratio)}
      </span>
    </>
  );
}

/** How the packets of a path travel in an encapsulation. */
function carrierOf({ modes }: Bench, { path }: BenchPair, way: Way): string {
  const mode = modes.find(({ encapsulation }) => encapsulation === way);
  return (mode && "carriers" in mode && mode.carriers[path]) || "direct";
}
