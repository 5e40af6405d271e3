/** What the server of `lab ui` and its page tell each other. */
import type { LabPlan } from "../../../components/plan";
import type { TerminalSize } from "../../../components/remote";
import type { Report } from "../../../components/study/report";
import type { LabStatus } from "../status";

/** A run of the engine on the lab that goes on now. */
export interface LiveRun {
  /** The plan that the lab is brought to, if it differs from the one that is up. */
  wanted?: LabPlan;
  /** What the engine does now, each as in `updating Node w1`. */
  now: string[];
  /** What it did before that in this run, as far as it was seen. */
  done: string[];
}

/** The lab as it is now, from the server to the page. */
export interface Live {
  /** Absent where it is the same as in the message before. */
  report?: Report;
  state: LabStatus["state"];
  /** What is wrong with the lab or with its last run, and what to do, in one or two sentences. */
  trouble?: string;
  /** Absent when nothing changes the lab now. */
  run?: LiveRun;
  /** Where a shell can be opened now. */
  places: Places;
}

/** Where shells can be opened, by kind, as `lab shell` names them. */
export interface Places {
  nodes: string[];
  pods: string[];
  network: string[];
}

/** From the server to the page's terminal, as text; what the terminal shows comes as bytes. */
export type ShellNews = { ended: number } | { refused: string };

/** From the page's terminal to the server, as text; what is typed goes as bytes. `drawn` is a number of bytes. */
export type ShellWish = TerminalSize | { drawn: number };
