/** The five encapsulations: one is chosen for the whole page, and all of them stand side by side. */
import { useMemo } from "preact/hooks";
import type { Encapsulation } from "../../../components/config";
import { judge, type LabPlan, type PathVerdict, rowKey } from "../../../components/plan";
import { type Report, reportedPlan } from "../../../components/study/report";
import { markOf, Sign, WORDS } from "./marks";
import { memo } from "./memo";
import { Scroll } from "./scroll";
import "./mode-table.css";
import "./modes.css";

interface Props {
  report: Report;
  chosen: Encapsulation;
  onChoose(encapsulation: Encapsulation): void;
}

/** A slider whose stops are the encapsulations. It skips those that the lab cannot have. */
export function ModePicker({ report, chosen, onChoose }: Props) {
  const { modes, plan } = report;
  const at = modes.findIndex(({ encapsulation }) => encapsulation === chosen);
  const isPossible = (i: number) => {
    const mode = modes[i];
    return mode !== undefined && "differs" in mode;
  };
  const slideTo = (wanted: number) => {
    const step = wanted > at ? 1 : -1;
    let to = wanted;
    while (to >= 0 && to < modes.length && !isPossible(to)) to += step;
    const mode = modes[to];
    onChoose(mode && isPossible(to) ? mode.encapsulation : chosen);
  };
  return (
    <section class="picker" aria-label="Encapsulation">
      <label for="slider">Encapsulation</label>
      <div class="slide">
        <input
          id="slider"
          type="range"
          min={0}
          max={modes.length - 1}
          step={1}
          value={at}
          aria-valuetext={chosen}
          onInput={(event) => slideTo(Number(event.currentTarget.value))}
        />
        <ol class="stops">
          {modes.map((mode) => (
            <li key={mode.encapsulation} class={mode.encapsulation === chosen ? "chosen" : ""}>
              <button
                type="button"
                tabIndex={-1}
                disabled={"refused" in mode}
                title={"refused" in mode ? mode.refused : undefined}
                onClick={() => onChoose(mode.encapsulation)}
              >
                <Broken name={mode.encapsulation} />
                {mode.encapsulation === plan.encapsulation && <small>this lab</small>}
              </button>
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}

/** A name that may be broken before its second part, where there is little room. */
const Broken = ({ name }: { name: string }) => (
  <>
    {name.replace("CrossSubnet", "")}
    {name.endsWith("CrossSubnet") && (
      <>
        <wbr />
        CrossSubnet
      </>
    )}
  </>
);

/** The verdict of each encapsulation in a column of its own. */
export const ModeTable = memo((props: Props) => <Columns {...props} />);

function Columns({ report, chosen, onChoose }: Props) {
  const columns = useMemo(() => report.modes.map((mode) => columnOf(report, mode.encapsulation)), [report]);
  const own = columns.find(({ encapsulation }) => encapsulation === report.plan.encapsulation);
  const refusals = report.modes.flatMap((mode) => ("refused" in mode ? [mode] : []));
  return (
    <section aria-labelledby="modes">
      <h2 id="modes">The same lab under each encapsulation</h2>
      <Scroll label="Verdict of each encapsulation">
        <table class="modes">
          <thead>
            <tr>
              <th scope="col">Path</th>
              {columns.map(({ encapsulation, plan }) => (
                <th
                  scope="col"
                  key={encapsulation}
                  class={encapsulation === chosen ? "chosen" : ""}
                  aria-current={encapsulation === chosen ? "true" : undefined}
                >
                  <button type="button" disabled={!plan} onClick={() => onChoose(encapsulation)}>
                    {encapsulation}
                  </button>
                  <small>{plan ? `MTU ${plan.mtu.pod}` : "not possible"}</small>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {(own?.rows ?? []).map(([row]) => (
              <tr key={rowKey(row)}>
                <th scope="row">{rowKey(row)}</th>
                {columns.map(({ encapsulation, rows }) => (
                  <ModeCell key={encapsulation} rows={rows} like={row} isChosen={encapsulation === chosen} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {refusals.map(({ encapsulation, refused }) => (
        <p class="note" key={encapsulation}>
          {encapsulation}: {refused}
        </p>
      ))}
    </section>
  );
}

type Rows = [PathVerdict, ...PathVerdict[]][];

function columnOf(report: Report, encapsulation: Encapsulation) {
  const plan: LabPlan | undefined = reportedPlan(report, encapsulation);
  const rows = new Map<string, [PathVerdict, ...PathVerdict[]]>();
  for (const row of plan ? judge(plan).paths : []) {
    const same = rows.get(rowKey(row));
    if (same) same.push(row);
    else rows.set(rowKey(row), [row]);
  }
  return { encapsulation, plan, rows: [...rows.values()] as Rows };
}

/** With faults on some nodes, another encapsulation may divide a path into other rows: then all of them count. */
function ModeCell({ rows, like, isChosen }: { rows: Rows; like: PathVerdict; isChosen: boolean }) {
  const exact = rows.filter(([row]) => rowKey(row) === rowKey(like));
  const same =
    exact.length > 0
      ? exact
      : rows.filter(([row]) => rowKey({ ...row, part: undefined }) === rowKey({ ...like, part: undefined }));
  const [first] = same;
  if (!first) return <td class={isChosen ? "chosen" : ""}>–</td>;
  const mark = markOf(same.flat().map(({ outcome }) => outcome));
  return (
    <td class={`${mark} ${isChosen ? "chosen" : ""}`}>
      <Sign mark={mark} /> {WORDS[mark]}
      <small>{first[0].carrier}</small>
    </td>
  );
}
