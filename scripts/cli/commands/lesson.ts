/** `lab lesson`: plays a lesson: brings its lab up, asks, gives hints, and checks by observation. */
import type { Command } from "commander";
import type { LabPlan } from "../../../components/plan";
import { command, endsWith, jsonOption, verboseOption } from "../command";
import { badUsage, Failure } from "../failure";
import { typed } from "../invocation";
import { print, printJson, say, widthOf } from "../terminal";

interface Options {
  hint?: boolean;
  again?: boolean;
  json?: boolean;
  verbose?: boolean;
}

const VERBS = ["check", "reveal"] as const;
type Verb = (typeof VERBS)[number];
const isVerb = (word: string): word is Verb => (VERBS as readonly string[]).includes(word);

export const lesson = (): Command =>
  command("lesson", {
    summary: "play a lesson: a broken lab, a question, hints, and a check of what you changed",
    details:
      "Without a name, lists the lessons and how far you are. With one, brings its lab up and asks its question; --hint gives the next of up to three hints, --again sets the lab back to its beginning. Change one value of the config (`up L7 --config …`, `switch`), or something inside a node (`shell`): `lesson check` measures the lab and says whether that solved it, with exit code 1 if not. `lesson reveal` gives the cause and the solution. No file of the checkout changes.",
    examples: ["lesson", "lesson L7", "lesson L7 --hint", "lesson check", "lesson reveal L7"],
  })
    .argument("[lesson...]", "a lesson, `check`, `reveal`, or one of these two and a lesson")
    .option("--hint", "the next hint")
    .option("--again", "begin again: everything as the lesson's stack file has it")
    .addOption(jsonOption())
    .addOption(verboseOption())
    .action(endsWith((words: string[], options: Options) => play(words, options)));

async function play(words: readonly string[], options: Options): Promise<number> {
  const verbs = words.filter(isVerb);
  const names = words.filter((word) => !isVerb(word));
  if (verbs.length > 1 || names.length > 1)
    throw badUsage(
      `"${words.join(" ")}" is too much: name one lesson, after \`check\` or \`reveal\` if you want that.`,
    );
  const [verb] = verbs;
  if (verb && (options.hint || options.again))
    throw badUsage(`--hint and --again belong to a lesson, as in \`${typed("lesson L7 --hint")}\`.`);
  const { findLesson } = require("../lessons") as typeof import("../lessons");
  const isAbout = verb !== undefined || options.hint || options.again;
  if (names[0] === undefined && !isAbout) return list(options);
  const name = names[0] === undefined ? await onlyLessonUp() : findLesson(names[0])[0];
  if (verb === "check") return check(name, options);
  return verb === "reveal" ? reveal(name) : ask(name, options);
}

/** The lesson whose lab is the only one that is up. */
async function onlyLessonUp(): Promise<string> {
  const { requireLab } = require("../labs") as typeof import("../labs");
  const { findLesson } = require("../lessons") as typeof import("../lessons");
  return findLesson(await requireLab({}))[0];
}

const text = () => require("../lesson-text") as typeof import("../lesson-text");

function list({ json }: Options): number {
  const { readLessons, readProgress } = require("../lessons") as typeof import("../lessons");
  const progress = readProgress();
  const rows = Object.entries(readLessons()).map(([name, { title }]) => ({ name, title, ...progress[name] }));
  if (json) printJson(rows);
  else print(text().listText(rows, widthOf(process.stdout)));
  return 0;
}

/** Brings the lab up in its first state, unless the student is at it, and shows the question or the next hint. */
async function ask(name: string, { hint, again, verbose }: Options): Promise<number> {
  const { findLesson, noteProgress, readProgress } = require("../lessons") as typeof import("../lessons");
  const { prepareToRead } = require("../setup") as typeof import("../setup");
  const { isRunning } = require("../switch-lab") as typeof import("../switch-lab");
  const [, lesson] = findLesson(name);
  const now = () => new Date().toISOString();
  if (hint) {
    const { hints } = lesson;
    const shown = Math.min((readProgress()[name]?.hints ?? 0) + 1, hints.length);
    noteProgress(name, { hints: shown });
    print(text().hintText(name, hints, shown));
    return 0;
  }
  await prepareToRead();
  const { begun } = readProgress()[name] ?? {};
  if (again || !begun || !isRunning(name)) {
    const status = await begin(name, verbose);
    if (status !== 0) return status;
    noteProgress(name, { begun: now(), hints: 0, solved: undefined, revealed: undefined });
  }
  print(text().questionText(name, lesson, planIn(name)));
  return 0;
}

/** The plan of the lesson's own file. */
function planIn(name: string): LabPlan | undefined {
  const { readStackFile } = require("../stack-file") as typeof import("../stack-file");
  const { planUnlessSecret } = require("../lab-plan") as typeof import("../lab-plan");
  const file = readStackFile(name);
  return planUnlessSecret(file, file.config);
}

/** The lab as its stack file has it. The verdict is not shown: it is the answer. */
async function begin(name: string, verbose = false): Promise<number> {
  const { deploy } = require("../deploy") as typeof import("../deploy");
  const { isEmpty } = require("../deployment") as typeof import("../deployment");
  const { sayOfStart } = require("../sandbox-move") as typeof import("../sandbox-move");
  const { labConfig, removeChanges } = require("../overlay") as typeof import("../overlay");
  const { planUnlessSecret } = require("../lab-plan") as typeof import("../lab-plan");
  removeChanges(name);
  const config = labConfig(name);
  const plan = planUnlessSecret(config.file, config.config);
  const run = await deploy(config, plan, {
    verbose,
    information: false,
    warnings: false,
    announce: (running) => {
      const why = isEmpty(running) ? sayOfStart(plan) : undefined;
      if (why) say(why);
    },
  });
  return run?.status ?? 1;
}

/** Measures the lab, and holds what was seen against the lesson's goal. */
async function check(name: string, { json, verbose }: Options): Promise<number> {
  const { findLesson, noteProgress, readLessons, readProgress } =
    require("../lessons") as typeof import("../lessons");
  const { requireLab } = require("../labs") as typeof import("../labs");
  const { proberOf } = require("../observation") as typeof import("../observation");
  const { isRunning } = require("../switch-lab") as typeof import("../switch-lab");
  const study = require("../../../components/study") as typeof import("../../../components/study");
  const stack = await requireLab({ stack: name });
  if (!isRunning(stack))
    throw new Failure(`The lab of ${name} is not up: \`${typed(`lesson ${name}`)}\` brings it up.`, 1);
  const { goal, hints } = findLesson(name)[1];
  const { prober, plan } = await proberOf(stack);
  const observation = await study.observe(prober, plan);
  const rows = observation.rows.filter(({ observed }) => observed !== "not measured");
  const missing = study.missingOf(
    goal,
    rows.map(({ observed, ...row }) => ({ ...row, outcome: observed })),
  );
  const isSolved = missing.length === 0;
  if (isSolved) noteProgress(name, { solved: new Date().toISOString() });
  if (json) printJson({ lesson: name, solved: isSolved, missing, observation });
  else {
    if (verbose) print(study.formatObservation(observation, { verbose, width: widthOf(process.stdout) }));
    const { solvedText, unsolvedText } = text();
    const names = Object.keys(readLessons());
    const given = readProgress()[name]?.hints ?? 0;
    print(
      isSolved
        ? solvedText(name, observation.agrees, names[names.indexOf(name) + 1])
        : unsolvedText(name, missing, given, hints.length),
    );
  }
  return isSolved ? 0 : 1;
}

/** The cause, from the verdict on the lesson's own config, and a solution. */
function reveal(name: string): number {
  const { findLesson, noteProgress } = require("../lessons") as typeof import("../lessons");
  const { readStackFile } = require("../stack-file") as typeof import("../stack-file");
  const { planOf } = require("../lab-plan") as typeof import("../lab-plan");
  const { judge } = require("../../../components/plan") as typeof import("../../../components/plan");
  const study = require("../../../components/study") as typeof import("../../../components/study");
  const { solution } = findLesson(name)[1];
  const file = readStackFile(name);
  const width = widthOf(process.stdout);
  for (const group of study.failureGroups(judge(planOf(file, file.config)).paths))
    print(study.describeFailure(group, { width }));
  const changes = Object.entries(solution).map(([key, value]) => {
    const shown = typeof value === "string" ? value : JSON.stringify(value);
    return /[[\]{}]/.test(shown) ? `'${key}=${shown}'` : `${key}=${shown}`;
  });
  print(`solution: ${typed(`up ${name} --config ${changes.join(" ")}`)}`);
  say(`The whole story: stacks/${name}.md`);
  noteProgress(name, { revealed: new Date().toISOString() });
  return 0;
}
