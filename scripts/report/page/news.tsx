/** What happens to the lab now. */
import type { Live, LiveRun } from "../../cli/ui/messages";
import { predicted } from "./words";
import "./news.css";

/** How many of the steps that are done are named. The others are counted. */
const NAMED = 6;

/** One line while nothing happens; the steps of a run while one does. Those who hear the page are told, too. */
export function News({ live, isConnected }: { live?: Live; isConnected: boolean }) {
  return (
    <div class={`news ${kindOf(live, isConnected)}`} role="status">
      <p>
        <span class="dot" aria-hidden="true" />
        {textOf(live, isConnected)}
      </p>
      {isConnected && live?.run && <Steps run={live.run} />}
    </div>
  );
}

function kindOf(live: Live | undefined, isConnected: boolean): "ended" | "changing" | "still" | "still off" {
  if (!isConnected) return "ended";
  if (live?.run) return "changing";
  return live?.state === "up" ? "still" : "still off";
}

/** Sentences for each state of a lab without trouble. */
const STATES: Record<Live["state"], string> = {
  up: "Live: this page follows the lab.",
  down: "The lab is not up: this is what its config predicts. The page follows it once it comes up.",
  gone: "The lab was up, but its processes are gone; its next `up` rebuilds it.",
  incomplete: "The lab is not complete: its last `up` did not finish.",
  damaged: "The lab's state cannot be read.",
};

function textOf(live: Live | undefined, isConnected: boolean): string {
  if (!isConnected) return "The server has ended: the page shows what was last known. Start `lab ui` again.";
  if (!live) return "Reading the lab…";
  return live.run ? changeIn(live, live.run) : (live.trouble ?? STATES[live.state]);
}

function changeIn({ report, state }: Live, { wanted, now, done }: LiveRun): string {
  const steps = [...done, ...now];
  if (steps.length > 0 && steps.every((step) => step.startsWith("deleting ")))
    return "The lab is being taken down.";
  if (!wanted || !report) return "The lab is being changed.";
  const from = report.plan.encapsulation;
  const to = wanted.encapsulation;
  const verdict = `Predicted then: ${predicted(wanted).sentence}`;
  if (state === "down" || state === "incomplete") return `The lab comes up with ${to}. ${verdict}`;
  if (from === to) return `The lab is being changed. ${verdict}`;
  return `The lab is being switched from ${from} to ${to}. ${verdict}`;
}

function Steps({ run: { now, done } }: { run: LiveRun }) {
  const named = done.slice(-NAMED);
  const more = done.length - named.length;
  return (
    <ol class="run-steps">
      {more > 0 && <li class="done">{more === 1 ? "1 step" : `${more} steps`} done</li>}
      {named.map((step, i) => (
        <li class="done" key={`${step} ${more + i}`}>
          {step}
        </li>
      ))}
      {now.map((step) => (
        <li class="running" key={step}>
          {step} <span>now</span>
        </li>
      ))}
      {now.length === 0 && (
        <li class="running">{done.length === 0 ? "the engine starts" : "between two steps"}</li>
      )}
    </ol>
  );
}
