/** One packet's way, to be played hop by hop, forwards and back. */
import { useEffect, useRef, useState } from "preact/hooks";
import { type Hop, type LabPlan, nameOf, type ProbeName, probeOf } from "../../../components/plan";
import type { Cell } from "../../../components/study/report";
import { isSurprise } from "./grid";
import { Sign } from "./marks";
import { PacketBoxes } from "./packet";
import { sentence } from "./words";
import "./trace.css";

interface Props {
  plan: LabPlan;
  cell: Cell;
  probe: ProbeName;
  hops: readonly Hop[];
  hop: number;
  onProbe(probe: ProbeName): void;
  onHop(hop: number): void;
}

/** How long a hop is shown while the way plays, in ms. */
const PACE = 1100;

/** The packet's way: what decides at each hop, and what the packet looks like there. */
export function Trace({ plan, cell, probe, hops, hop, onProbe, onHop }: Props) {
  const { pair } = cell;
  const [isPlaying, setPlaying] = useState(false);
  const list = useRef<HTMLOListElement>(null);
  const last = hops.length - 1;
  useEffect(() => setPlaying(false), [hops]);
  useEffect(() => {
    if (!isPlaying) return;
    if (hop >= last) return setPlaying(false);
    const timer = setTimeout(() => onHop(hop + 1), PACE);
    return () => clearTimeout(timer);
  }, [isPlaying, hop, last]);
  useEffect(() => keepInView(list.current, hop), [hop, hops]);

  const play = () => {
    if (!isPlaying && hop >= last) onHop(0);
    setPlaying(!isPlaying);
  };
  // A button at the end stays enabled: disabled, it would lose the focus, and with it the arrow keys.
  const step = (to: number) => {
    setPlaying(false);
    onHop(to);
  };
  const move = (event: KeyboardEvent) => {
    const to = { ArrowRight: hop + 1, ArrowLeft: hop - 1, Home: 0, End: last }[event.key];
    const inField = event.target instanceof HTMLInputElement;
    if (to === undefined || inField) return;
    event.preventDefault();
    step(to);
  };
  const at = hops[hop];
  if (!at) return null;
  const { size } = probeOf(plan, pair, probe);
  const measured = cell.probes.find((one) => one.probe === probe);
  const seen = measured?.seen;
  const surprises = measured !== undefined && isSurprise(measured);
  return (
    <section class="card trace" id="trace" aria-labelledby="trace-title" onKeyDown={move}>
      <div class="bar">
        <h2 id="trace-title">
          {pair.from.name} → {nameOf(pair.to)}
        </h2>
        <fieldset class="choices">
          <legend class="hidden">Probe of this pair</legend>
          {cell.probes.map(({ probe: one }) => (
            <label key={one}>
              <input type="radio" name="probe" checked={probe === one} onChange={() => onProbe(one)} />
              <span>{one}</span>
            </label>
          ))}
        </fieldset>
      </div>
      <p class="muted">
        {cell.row} · {size} bytes
        {seen && ` · observed: ${seen === "unknown" ? "not known for this pair" : seen}`}
      </p>
      <Result hops={hops} />
      {surprises && (
        <p class="warning">
          <Sign mark="differs" /> Observed: this pair {seen}. That is not as predicted.
        </p>
      )}
      <div class="player">
        <button type="button" onClick={() => step(0)} aria-disabled={hop === 0} aria-label="first hop">
          <Icon d="M4 3v10M13 3L6 8l7 5z" />
        </button>
        <button
          type="button"
          onClick={() => step(hop - 1)}
          aria-disabled={hop === 0}
          aria-label="previous hop"
        >
          <Icon d="M12 3L5 8l7 5z" />
        </button>
        <button type="button" class="play" onClick={play} aria-label={isPlaying ? "pause" : "play"}>
          <Icon d={isPlaying ? "M5 3v10M11 3v10" : "M4 2.5L13 8l-9 5.5z"} />
        </button>
        <button
          type="button"
          onClick={() => step(hop + 1)}
          aria-disabled={hop === last}
          aria-label="next hop"
        >
          <Icon d="M4 3l7 5-7 5z" />
        </button>
        <button type="button" onClick={() => step(last)} aria-disabled={hop === last} aria-label="last hop">
          <Icon d="M12 3v10M3 3l7 5-7 5z" />
        </button>
        <input
          type="range"
          min={0}
          max={last}
          value={hop}
          aria-label="hop"
          aria-valuetext={`${hop + 1} of ${hops.length}: ${at.name}`}
          onInput={(event) => step(Number(event.currentTarget.value))}
        />
        <output>
          {hop + 1}/{hops.length}
        </output>
      </div>
      <div class="now" aria-live="polite">
        <HopNow hop={at} />
      </div>
      <ol class="hops" ref={list}>
        {hops.map((one, i) => (
          <li
            key={i}
            class={`${one.direction} ${i === hop ? "current" : ""} ${one.drop ? "lost" : ""} ${i < hop ? "past" : ""}`}
          >
            {one.direction !== hops[i - 1]?.direction && (
              <span class="turn">{one.direction === "there" ? "the packet" : "its answer"}</span>
            )}
            <button type="button" aria-current={i === hop ? "step" : undefined} onClick={() => step(i)}>
              <span class="name">
                {one.drop && <Sign mark="fails" />} {one.name}
              </span>
              <span class="decision">{one.decision}</span>
              <i>{(one.out ?? one.in)?.length ?? ""}</i>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Result({ hops }: { hops: readonly Hop[] }) {
  const lost = hops.find(({ drop }) => drop)?.drop;
  if (!lost)
    return (
      <p class="result works">
        <Sign mark="works" /> Arrives, and is answered.
      </p>
    );
  return (
    <div class="result fails">
      <p>
        <Sign mark="fails" /> <b>Lost at {lost.hop}</b>
      </p>
      <p>{sentence(lost.cause)}</p>
      <p>
        <b>Fix</b> {sentence(lost.fix)}{" "}
        <a href={lost.reference} rel="noreferrer">
          Read more
        </a>
      </p>
    </div>
  );
}

function HopNow({ hop }: { hop: Hop }) {
  const { in: into, out } = hop.device ?? {};
  const packet = hop.out ?? hop.in;
  return (
    <>
      <p class="where">
        <b>{hop.name}</b>
        {(into || out) && (
          <span class="mono">
            {into && `in ${into}`}
            {into && out && " · "}
            {out && `out ${out}`}
          </span>
        )}
      </p>
      <p class={hop.drop ? "decided lost" : "decided"}>
        {hop.drop && <Sign mark="fails" />} {hop.decision}
      </p>
      {packet && <PacketBoxes packet={packet} before={hop.in} />}
    </>
  );
}

function Icon({ d }: { d: string }) {
  return (
    <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" class="icon">
      <path d={d} />
    </svg>
  );
}

/** Scrolls the list alone: `scrollIntoView` would move the whole page at each hop. */
function keepInView(list: HTMLOListElement | null, index: number): void {
  const item = list?.children[index];
  if (!list || !(item instanceof HTMLElement)) return;
  const above = item.offsetTop - list.offsetTop - list.clientHeight / 2 + item.offsetHeight / 2;
  list.scrollTop = above;
}
