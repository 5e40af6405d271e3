/** Follows a lab: what is up, what changes it now, what was measured. */
import * as fs from "node:fs";
import * as path from "node:path";
import { findSandbox } from "../../../components/infrastructure/twin/sandbox";
import type { LabPlan } from "../../../components/plan";
import { historyFiles, ownFolder, stateFile } from "../backend";
import { type Deployment, deploymentOf, differences, isObservation, twinOf } from "../deployment";
import { resourceName } from "../engine-events";
import { planUnlessSecret } from "../lab-plan";
import { reportOn } from "../lab-report";
import { locksOf, mayLive } from "../lock";
import { labConfig, overlayFolder } from "../overlay";
import { hasFile, pathOf } from "../stack-file";
import { statusOf } from "../status";
import type { Live, LiveRun } from "./messages";
import { placesIn } from "./shells";

/** How often the lab's files are looked at, in ms. A step of the engine on a twin takes three times as long. */
const OFTEN = 100;

/** How often a backend of the user's own is asked, in ms: each time starts the engine, and all else waits for it. */
const SELDOM = 15_000;

/** Looks at a lab again and again, and tells what has changed. */
export class LiveLab {
  private clock?: NodeJS.Timeout;
  private seen = "";
  private folder?: string;
  private report = "";
  private told = "";
  private now: string[] = [];
  private done: string[] = [];

  /** @param tell gets the whole state first, and then what changes. */
  constructor(
    private readonly stack: string,
    private readonly tell: (live: Live) => void,
  ) {}

  start(): this {
    this.look();
    this.clock = setInterval(() => this.look(), ownFolder() ? OFTEN : SELDOM);
    return this;
  }

  stop(): void {
    clearInterval(this.clock);
  }

  private look(): void {
    // Reading it all takes some milliseconds: do it only after one of its files has changed.
    const seen = this.signature();
    if (seen !== undefined && seen === this.seen) return;
    this.seen = seen ?? "";
    const { report, ...live } = this.read();
    const text = report ? JSON.stringify({ ...report, madeAt: "" }) : this.report;
    const told = JSON.stringify(live);
    if (text === this.report && told === this.told) return;
    this.tell(text === this.report ? live : { report, ...live });
    this.report = text;
    this.told = told;
  }

  private read(): Live {
    try {
      const { state, trouble } = statusOf(this.stack);
      const deployed = deploymentOf(this.stack);
      this.folder = twinOf(deployed)?.folder;
      const isRunning = state === "up" || state === "incomplete";
      const run = this.runOn(deployed);
      const places = placesIn(deployed, isRunning);
      // A run in progress is no trouble, and the page has more to say about it.
      return { report: reportOn(this.stack), state, ...(run ? { run } : trouble && { trouble }), places };
    } catch (error) {
      // Such as a stack file that is being edited: the page says it, and the next look may find it right.
      const trouble = (error as Error).message;
      return { state: "damaged", trouble, places: { nodes: [], pods: [], network: [] } };
    }
  }

  /** Changes when anything changes that says something about the lab; undefined where that cannot be told. */
  private signature(): string | undefined {
    const { stack, folder } = this;
    const backend = ownFolder();
    if (!backend) return undefined;
    const kept = list(overlayFolder(stack));
    const files = [stateFile(backend, stack), pathOf(stack), ...kept, historyFiles(backend, stack)[0]];
    // A twin, or a run, whose processes have ended changes no file.
    const isAlive = folder !== undefined && findSandbox(folder) !== undefined;
    return JSON.stringify([files.map(stamp), locksOf(backend, stack).some(mayLive), isAlive]);
  }

  private runOn(deployed: Deployment | undefined): LiveRun | undefined {
    const folder = ownFolder();
    if (!folder || !locksOf(folder, this.stack).some(mayLive)) {
      [this.now, this.done] = [[], []];
      return undefined;
    }
    const now = stepsOf(deployed);
    this.done.push(...this.now.filter((step) => !now.includes(step)));
    this.now = now;
    const wanted = wantedBy(this.stack, twinOf(deployed)?.plan);
    return { ...(wanted && { wanted }), now, done: [...this.done] };
  }
}

/** What the engine does now: it writes that into the state before each step. Its own records of providers are no steps. */
const stepsOf = ({ pending_operations: pending = [] }: Deployment = {}): string[] =>
  pending
    .filter(({ resource: { type } }) => !type.startsWith("pulumi:providers:"))
    .map(({ type: doing = "changing", resource }) =>
      isObservation(resource) && doing !== "deleting"
        ? "measuring"
        : `${doing} ${resourceName(resource.type, resource.urn ?? "")}`,
    );

/** The plan of the lab's config, if it is not what is up. */
function wantedBy(stack: string, up: LabPlan | undefined): LabPlan | undefined {
  if (!hasFile(stack)) return undefined;
  const { file, config } = labConfig(stack);
  const wanted = planUnlessSecret(file, config);
  return wanted && (!up || differences(up, wanted).length > 0) ? wanted : undefined;
}

const list = (folder: string): string[] => {
  try {
    return fs.readdirSync(folder).map((name) => path.join(folder, name));
  } catch {
    return []; // there is none yet
  }
};

const stamp = (file: string | undefined): string => {
  try {
    const { mtimeMs, size, ino } = fs.statSync(file ?? "");
    return `${file} ${mtimeMs} ${size} ${ino}`;
  } catch {
    return ""; // there is none, or no longer
  }
};
