/** The table of the matrix. The arrow keys walk its cells, and only one of them is a stop of the Tab key. */
import { useRef, useState } from "preact/hooks";
import type { PodPlan } from "../../../components/plan";
import type { Cell, CellProbe } from "../../../components/study/report";
import { type Mark, markOf, Sign, WORDS } from "./marks";
import { memo } from "./memo";

/** What a cell is about: all probes of the pair, or one. */
export const FILTERS = ["all", "ICMP", "TCP", "full-MTU"] as const;
export type Filter = (typeof FILTERS)[number];

/** Row and column, from 0; -1 where there is none. */
export type Position = [row: number, column: number];

interface Props {
  pods: readonly PodPlan[];
  /** By the names of both pods, `w1-1>w2-1`. */
  cells: ReadonlyMap<string, Cell>;
  filter: Filter;
  chosen: Position;
  onPick(position: Position): void;
}

/** The table. A cell is chosen by a click, or by Enter. */
export function Grid({ pods, cells, filter, chosen, onPick }: Props) {
  const [focus, setFocus] = useState<Position>();
  const table = useRef<HTMLTableElement>(null);
  const [row, column] = focus ?? (chosen[0] < 0 || chosen[1] < 0 ? [0, 1] : chosen);
  const move = (event: KeyboardEvent) => {
    const at = positionOf(event.target);
    const to = at && STEPS[event.key]?.(...at, pods.length - 1);
    if (!to) return;
    event.preventDefault();
    setFocus(to);
    table.current?.querySelector<HTMLElement>(`[data-at="${to}"]`)?.focus();
  };
  const pick = ({ target }: MouseEvent) => {
    const at = positionOf(target);
    if (!at) return;
    setFocus(at);
    onPick(at);
  };
  return (
    <table
      // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: arrow keys walk the cells, so the table is a grid
      role="grid"
      ref={table}
      aria-labelledby="matrix-title"
      onKeyDown={move}
      onClick={pick}
      class={densityOf(pods.length)}
    >
      <thead>
        <tr>
          <th scope="col" class="corner">
            from <span aria-hidden="true">↓</span> to <span aria-hidden="true">→</span>
          </th>
          {pods.map((pod, c) => (
            <th scope="col" key={pod.name} class={edgeAt(pods, c)}>
              <span>{pod.name}</span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {pods.map((pod, r) => (
          <Row
            key={pod.name}
            pods={pods}
            cells={cells}
            filter={filter}
            row={r}
            focused={r === row ? column : -1}
            chosen={r === chosen[0] ? chosen[1] : -1}
          />
        ))}
      </tbody>
    </table>
  );
}

/** The cell that an event comes from. */
function positionOf(target: EventTarget | null): Position | undefined {
  const at = target instanceof Element ? target.closest<HTMLElement>("[data-at]")?.dataset.at : undefined;
  return at?.split(",").map(Number) as Position | undefined;
}

const densityOf = (rows: number): string => (rows > 24 ? "dense" : rows > 12 ? "many" : "");

/** A wider gap where another node begins. */
const edgeAt = (pods: readonly PodPlan[], i: number): string =>
  i > 0 && pods[i]?.node !== pods[i - 1]?.node && pods.some((pod, at) => pod.node === pods[at + 1]?.node)
    ? "edge"
    : "";

interface RowProps extends Omit<Props, "chosen" | "onPick"> {
  row: number;
  /** Columns of the cell that the Tab key stops at, and of the one that is chosen. */
  focused: number;
  chosen: number;
}

const Row = memo(({ pods, cells, filter, row, focused, chosen }: RowProps) => {
  const from = pods[row]?.name;
  return (
    <tr class={edgeAt(pods, row)}>
      <th scope="row">{from}</th>
      {pods.map(({ name }, c) => {
        const cell = cells.get(`${from}>${name}`);
        return cell ? (
          <td key={name} class={edgeAt(pods, c)}>
            <CellButton
              cell={cell}
              filter={filter}
              at={`${row},${c}`}
              isFocused={c === focused}
              isChosen={c === chosen}
            />
          </td>
        ) : (
          <td key={name} class={`self ${edgeAt(pods, c)}`} />
        );
      })}
    </tr>
  );
});

interface CellProps {
  cell: Cell;
  filter: Filter;
  at: string;
  isFocused: boolean;
  isChosen: boolean;
}

function CellButton({ cell, filter, at, isFocused, isChosen }: CellProps) {
  const probes = cell.probes.filter(({ probe }) => filter === "all" || probe === filter);
  const predicted = markOf(probes.map((one) => one.predicted));
  const differs = probes.some(isSurprise);
  return (
    <button
      type="button"
      class={`cell ${predicted} ${differs ? "differs" : ""}`}
      data-at={at}
      tabIndex={isFocused ? 0 : -1}
      aria-pressed={isChosen}
      aria-label={labelOf(cell, probes, predicted)}
    >
      <Sign mark={differs ? "differs" : predicted} />
    </button>
  );
}

/** Whether a probe did something else than predicted. */
export const isSurprise = ({ predicted, seen }: CellProbe): boolean =>
  seen !== undefined && seen !== "unknown" && seen !== predicted;

function labelOf({ pair, differs }: Cell, probes: readonly CellProbe[], predicted: Mark): string {
  const to = pair.to.kind === "pod" ? pair.to.pod.name : "";
  const seen = probes.flatMap((one) =>
    one.seen ? [`${one.probe} ${one.seen === "unknown" ? "not known" : one.seen}`] : [],
  );
  const surprise = differs && probes.some(isSurprise) ? "not as predicted, " : "";
  const observed = seen.length > 0 ? `, observed ${seen.join(", ")}` : "";
  return `${pair.from.name} to ${to}: ${surprise}predicted ${WORDS[predicted]}${observed}`;
}

/** The next cell in a direction; undefined at the edge. A pod has no cell with itself. */
type Step = (r: number, c: number, last: number) => Position | undefined;

const STEPS: { [key: string]: Step | undefined } = {
  ArrowUp: (r, c, last) => down(r, c, -1, last),
  ArrowDown: (r, c, last) => down(r, c, 1, last),
  ArrowLeft: (r, c, last) => across(r, c, -1, last),
  ArrowRight: (r, c, last) => across(r, c, 1, last),
  Home: (r) => [r, r === 0 ? 1 : 0],
  End: (r, _, last) => [r, r === last ? last - 1 : last],
};

function across(r: number, c: number, by: number, last: number): Position | undefined {
  const to = c + by === r ? c + 2 * by : c + by;
  return to < 0 || to > last ? undefined : [r, to];
}

function down(r: number, c: number, by: number, last: number): Position | undefined {
  const to = r + by === c ? r + 2 * by : r + by;
  if (to >= 0 && to <= last) return [to, c];
  // The last row can be the pod's own: then its neighbour's column.
  return r + by === c && c >= 0 && c <= last ? [c, c - by] : undefined;
}
