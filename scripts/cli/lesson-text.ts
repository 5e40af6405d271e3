/** What the student of a lesson reads. */
import { encapsulationText, type LabPlan } from "../../components/plan";
import { formatColumns } from "../../components/study";
import { typed } from "./invocation";
import { isOnlyLab } from "./labs";
import type { Lesson, Progress } from "./lessons";

/** A lesson with what is known of the student's progress. */
export type LessonRow = { name: string; title: string } & Progress;

/** The list of lessons, and the one to play next. */
export function listText(rows: readonly LessonRow[], width: number): string {
  const table = formatColumns(
    [{ head: "LESSON" }, { head: "TITLE" }, { head: "PROGRESS" }],
    rows.map((row) => [row.name, row.title, stateOf(row)]),
    width,
  );
  const open = rows.filter(({ solved }) => !solved);
  const next = open.find(({ begun, revealed }) => begun && !revealed) ?? open.find(({ begun }) => !begun);
  if (!next) return table;
  return `${table}\n\`${typed(`lesson ${next.name}`)}\` ${next.begun ? "goes on with that one" : "begins that one"}.`;
}

function stateOf({ begun, hints = 0, solved, revealed }: LessonRow): string {
  if (solved) return `solved ${solved.slice(0, 10)}`;
  if (revealed) return "revealed";
  if (!begun) return "";
  return hints > 0 ? `begun, hints: ${hints}` : "begun";
}

/** The question, and what can be done. @param plan the lab; undefined where only the engine can read its config. */
export function questionText(name: string, { title, question }: Lesson, plan: LabPlan | undefined): string {
  const [stack, of] = isOnlyLab(name) ? ["", ""] : [` --stack ${name}`, ` ${name}`];
  const shell = (place: string) => typed(`shell ${place}${stack}`);
  const routers = (plan?.sites ?? []).map(({ router }) => shell(router));
  return [
    `${name}: ${title}`,
    question,
    ...(plan ? [`lab:    ${describe(plan)}`] : []),
    `look:   ${[shell("w1"), `${shell("w1-1")} (a pod)`, ...routers].join(" · ")}`,
    `change: ${typed(`up ${name} --config KEY=VALUE`)}, or something inside a node`,
    `then:   ${typed(`lesson check${of}`)} · ${typed(`lesson ${name} --hint`)}`,
  ].join("\n");
}

/** `IPIP on the plain fabric; cp1, w1 in 10.0.3.0/24; w2 in 10.0.4.0/24`. */
const describe = (plan: LabPlan): string => {
  const { fabric, subnets, nodes } = plan;
  return [
    `${encapsulationText(plan)} on the ${fabric} fabric`,
    ...subnets.map(({ name, cidr }) => {
      const own = nodes.filter(({ subnet }) => subnet === name).map((node) => node.name);
      return `${own.join(", ")} in ${cidr}`;
    }),
  ].join("; ");
};

/** A hint, as it is to be typed here. @param shown counts from 1. */
export function hintText(name: string, hints: readonly string[], shown: number): string {
  const hint = (hints[shown - 1] ?? "").replaceAll("`lab ", `\`${typed("")} `);
  const last = `\nThat was the last one. \`${typed(`lesson reveal ${name}`)}\` gives the cause and a solution.`;
  return `Hint ${shown} of ${hints.length}: ${hint}${shown === hints.length ? last : ""}`;
}

/** What an observation lacks. @param given how many hints were given. */
export function unsolvedText(name: string, missing: readonly string[], given: number, hints: number): string {
  const next = given < hints ? `lesson ${name} --hint` : `lesson reveal ${name}`;
  return [`Not yet: ${name}.`, ...missing, `then: ${typed(next)}`].join("\n");
}

/** @param agrees whether the verdict on the lab's config says so, too. @param next the lesson after this one. */
export function solvedText(name: string, agrees: boolean, next: string | undefined): string {
  return [
    `Solved: ${name}. Measured on every pair.`,
    agrees
      ? "The verdict says so, too: your change is in the lab's config."
      : "The config still predicts the failure: what you changed inside is what works.",
    `why:  stacks/${name}.md · ${typed(`lesson reveal ${name}`)}`,
    `then: ${typed(`down ${name}`)}${next ? ` · ${typed(`lesson ${next}`)}` : ""}`,
  ].join("\n");
}
