/** The page as a whole: what is chosen in one part shows in all others. */
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Encapsulation } from "../../../components/config";
import {
  isBetweenPods,
  judge,
  type LabPlan,
  type Pair,
  type ProbeName,
  pairsOf,
  rowsOf,
  traceOf,
} from "../../../components/plan";
import { cellOf, type Report, reportedPlan } from "../../../components/study/report";
import { Benchmark } from "./bench";
import { CapturedPackets } from "./captured";
import { Details } from "./details";
import { Heading } from "./heading";
import { Matrix } from "./matrix";
import { ModePicker, ModeTable } from "./modes";
import { Paths } from "./paths";
import { Switch } from "./switch";
import { Topology } from "./topology";
import { Trace } from "./trace";
import { keyOf, pairIn, probeFor, readAddress, type View, writeAddress } from "./view";

interface Props {
  report: Report;
  /** Above the heading: what changes the lab now. */
  news?: ComponentChildren;
  /** Below everything else. */
  children?: ComponentChildren;
}

/** What is seen of a report. */
interface Seen {
  report: Report;
  view: View;
}

/** The whole page. On a live one, the report is another one whenever the lab has changed. */
export function App({ report, news, children }: Props) {
  const [seen, setSeen] = useState<Seen>(() => ({ report, view: firstView(report) }));
  const view = useMemo(() => viewIn(seen, report), [seen, report]);
  useEffect(() => writeAddress(view), [view]);
  const plan = useMemo(() => planOf(report, view.encapsulation), [report, view.encapsulation]);
  const isOwn = view.encapsulation === report.plan.encapsulation;
  const observation = isOwn ? report.observation : undefined;
  const verdict = useMemo(() => judge(plan), [plan]);
  const cell = useMemo(() => cellOf(plan, observation), [plan, observation]);
  const hops = useMemo(() => traceOf(plan, view.pair, view.probe).hops, [plan, view.pair, view.probe]);
  const hop = Math.min(view.hop, hops.length - 1);

  // The same functions each time: the parts that need them are drawn again only when their data have changed.
  const { show, choose, setView } = useMemo(() => {
    const setView = (change: (now: View) => View) =>
      setSeen((now) => ({ report, view: change(viewIn(now, report)) }));
    const show = (pair: Pair, probe?: ProbeName) => {
      setView((now) => ({ ...now, pair, probe: probe ?? probeFor(pair, now.probe), hop: 0 }));
      revealOnNarrowScreen("trace");
    };
    const choose = (encapsulation: Encapsulation) =>
      setView((now) => ({ ...samePair(now, report, encapsulation), hop: 0 }));
    return { show, choose, setView };
  }, [report]);
  const go = (to: number) => setView((now) => ({ ...now, hop: Math.max(0, Math.min(to, hops.length - 1)) }));

  return (
    <>
      <a class="skip" href="#matrix">
        Skip to the matrix
      </a>
      {news}
      <Heading report={report} isLive={news !== undefined} />
      <ModePicker report={report} chosen={view.encapsulation} onChoose={choose} />
      <main>
        <div class="stage">
          <div class="left">
            <Topology plan={plan} verdict={verdict} observation={observation} hops={hops} hop={hop} />
            <Matrix plan={plan} cell={cell} chosen={view.pair} onChoose={show} isMeasured={!!observation} />
          </div>
          <Trace
            plan={plan}
            cell={cell(view.pair)}
            probe={view.probe}
            hops={hops}
            hop={hop}
            onProbe={(probe) => show(view.pair, probe)}
            onHop={go}
          />
        </div>
        <Paths plan={plan} verdict={verdict} observation={observation} onChoose={show} />
        <ModeTable report={report} chosen={view.encapsulation} onChoose={choose} />
        {report.switched && <Switch switched={report.switched} />}
        {report.bench && <Benchmark bench={report.bench} />}
        {report.captured && <CapturedPackets captured={report.captured} />}
        <Details report={report} plan={plan} verdict={verdict} observation={observation} />
      </main>
      {children}
    </>
  );
}

/** The view in a report that may be a newer one. Who looks at the lab's own encapsulation goes on to look at it. */
function viewIn({ report: before, view }: Seen, report: Report): View {
  if (report === before) return view;
  const isOwn = view.encapsulation === before.plan.encapsulation;
  const encapsulation = isOwn ? report.plan.encapsulation : view.encapsulation;
  return samePair(view, report, encapsulation);
}

/** The same pair, probe and hop under an encapsulation; another pair where the plan does not have it. */
function samePair(view: View, report: Report, encapsulation: Encapsulation): View {
  const plan = planOf(report, encapsulation);
  const same = pairIn(plan, keyOf(view.pair));
  const pair = same ?? mostTelling(plan, report);
  return { encapsulation, pair, probe: probeFor(pair, view.probe), hop: same ? view.hop : 0 };
}

/** Where the packet's way is below the cell that was clicked, the reader would not see that it has changed. */
function revealOnNarrowScreen(id: string): void {
  if (!matchMedia("(max-width: 60rem)").matches) return;
  const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
  requestAnimationFrame(() => document.getElementById(id)?.scrollIntoView({ behavior, block: "start" }));
}

const planOf = (report: Report, encapsulation: Encapsulation): LabPlan =>
  reportedPlan(report, encapsulation) ?? report.plan;

/** What the address names, else the first pair that surprised, else the first that fails between nodes. */
function firstView(report: Report): View {
  const wanted = readAddress();
  const named = report.modes.find(({ encapsulation }) => encapsulation === wanted.encapsulation);
  const encapsulation = named && "differs" in named ? named.encapsulation : report.plan.encapsulation;
  const plan = planOf(report, encapsulation);
  const pair = (wanted.pair && pairIn(plan, wanted.pair)) || mostTelling(plan, report);
  return { encapsulation, pair, probe: probeFor(pair, wanted.probe), hop: wanted.hop ?? 0 };
}

function mostTelling(plan: LabPlan, report: Report): Pair {
  const cell = cellOf(plan, report.observation);
  const isSurprising = report.observation?.agrees === false;
  const cells = (
    isSurprising ? podPairs(pairsOf(plan)) : podPairs(rowsOf(plan).rows.map(({ pair }) => pair))
  ).map(cell);
  const found =
    cells.find(({ differs }) => differs) ??
    cells.find(({ probes }) => probes.some(({ predicted }) => predicted === "fails")) ??
    cells.findLast(({ pair }) => pair.path === "cross-subnet") ??
    cells.find(({ pair }) => pair.path === "same-subnet") ??
    cells[0];
  return (found as (typeof cells)[number]).pair;
}

const podPairs = (pairs: readonly Pair[]): Pair[] => pairs.filter(isBetweenPods);
