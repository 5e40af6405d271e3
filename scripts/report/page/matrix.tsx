/** Every pod to every other pod: what was predicted, and what was seen. */
import { useMemo, useState } from "preact/hooks";
import { type LabPlan, type Pair, type ProbeName, pairsOf } from "../../../components/plan";
import type { Cell, CellProbe } from "../../../components/study/report";
import { FILTERS, type Filter, Grid, isSurprise, type Position } from "./grid";
import { Sign, WORDS } from "./marks";
import { memo } from "./memo";
import "./matrix.css";

interface Props {
  plan: LabPlan;
  cell(pair: Pair): Cell;
  chosen: Pair;
  isMeasured: boolean;
  onChoose(pair: Pair, probe?: ProbeName): void;
}

/** Number of nodes above which a row stands for a node: its pods are alike. */
const PODS_UP_TO = 10;

/** The matrix with its filter and its legend. */
export const Matrix = memo((props: Props) => <Content {...props} />);

function Content({ plan, cell, chosen, onChoose, isMeasured }: Props) {
  const [filter, setFilter] = useState<Filter>("all");
  const pods = useMemo(() => podsOf(plan), [plan]);
  const cells = useMemo(() => cellsOf(plan, pods, cell), [plan, pods, cell]);
  const differing = useMemo(() => [...cells.values()].filter(({ differs }) => differs).length, [cells]);
  const names = useMemo(() => pods.map(({ name }) => name), [pods]);
  const position: Position = [names.indexOf(chosen.from.name), names.indexOf(targetOf(chosen))];
  const pick = ([r, c]: Position) => {
    const found = cells.get(`${names[r]}>${names[c]}`);
    if (found) onChoose(found.pair, filter === "all" ? tellingProbe(found) : filter);
  };
  return (
    <section class="card matrix" id="matrix" aria-labelledby="matrix-title">
      <div class="bar">
        <h2 id="matrix-title">{plan.nodes.length > PODS_UP_TO ? "Node × node" : "Pod × pod"}</h2>
        <fieldset class="choices">
          <legend class="hidden">Probe</legend>
          {FILTERS.map((one) => (
            <label key={one}>
              <input type="radio" name="filter" checked={filter === one} onChange={() => setFilter(one)} />
              <span>{one}</span>
            </label>
          ))}
        </fieldset>
      </div>
      {differing > 0 && (
        <p class="warning">
          <Sign mark="differs" /> {differing} {differing === 1 ? "pair is" : "pairs are"} not as predicted.
        </p>
      )}
      <div class="beside">
        <div class="scroll">
          <Grid pods={pods} cells={cells} filter={filter} chosen={position} onPick={pick} />
        </div>
        <Legend isMeasured={isMeasured} />
      </div>
    </section>
  );
}

const Legend = ({ isMeasured }: { isMeasured: boolean }) => (
  <ul class="legend">
    {(["works", "fails", "partly"] as const).map((mark) => (
      <li key={mark}>
        <span class={`swatch ${mark}`}>
          <Sign mark={mark} size={12} />
        </span>
        {mark === "partly" ? "only some probes work" : `predicted: ${WORDS[mark]}`}
      </li>
    ))}
    <li>
      <span class="swatch differs">
        <Sign mark="differs" size={12} />
      </span>
      {isMeasured ? "observed something else" : "observed something else (nothing was measured)"}
    </li>
    <li class="hint">A click shows the packet's way. Arrow keys walk the cells.</li>
  </ul>
);

/** The probe that is worth a look: one that surprised, else one that fails, else the first. */
const tellingProbe = ({ probes }: Cell): ProbeName =>
  (
    probes.find(isSurprise) ??
    probes.find(({ predicted }) => predicted === "fails") ??
    (probes[0] as CellProbe)
  ).probe;

const targetOf = ({ to }: Pair): string => (to.kind === "pod" ? to.pod.name : "");

const podsOf = ({ nodes }: LabPlan) =>
  nodes.flatMap(({ pods }) => (nodes.length > PODS_UP_TO ? pods.slice(0, 1) : pods));

function cellsOf(
  plan: LabPlan,
  pods: readonly { name: string }[],
  cell: (pair: Pair) => Cell,
): Map<string, Cell> {
  const shown = new Set(pods.map(({ name }) => name));
  const cells = new Map<string, Cell>();
  for (const pair of pairsOf(plan)) {
    const [from, to] = [pair.from.name, targetOf(pair)];
    if (shown.has(from) && shown.has(to)) cells.set(`${from}>${to}`, cell(pair));
  }
  return cells;
}
