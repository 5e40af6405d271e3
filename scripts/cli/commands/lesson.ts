/** `lab lesson`: plays a lesson: brings its lab up, asks, gives hints, and checks by observation. */
import type { Command } from "commander";
import { command, endsWith, jsonOption, verboseOption } from "../command";
import { badUsage } from "../failure";
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
  if (names[0] === undefined && verb === undefined) return list(options);
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

function list({ json }: Options): number {
  const { readLessons, readProgress } = require("../lessons") as typeof import("../lessons");
  const progress = readProgress();
  const rows = Object.entries(readLessons()).map(([name, { title }]) => ({ name, title, ...progress[name] }));
  if (json) {
    printJson(rows);
    return 0;
  }
  const { formatColumns } =
    require("../../../components/study") as typeof import("../../../components/study");
  const day = (time: string) => time.slice(0, 10);
  const stateOf = ({ begun, hints = 0, solved, revealed }: (typeof rows)[number]) => {
    if (solved) return `solved ${day(solved)}`;
    if (revealed) return "revealed";
    if (!begun) return "";
    return hints > 0 ? `begun, hints: ${hints}` : "begun";
  };
  print(
    formatColumns(
      [{ head: "LESSON" }, { head: "TITLE" }, { head: "PROGRESS" }],
      rows.map((row) => [row.name, row.title, stateOf(row)]),
      widthOf(process.stdout),
    ),
  );
  print(`\`${typed("lesson L1")}\` begins the first.`);
  return 0;
}

/** Brings the lab up in its first state, unless the student is at it, and shows the question or the next hint. */
async function ask(name: string, { hint, again, verbose }: Options): Promise<number> {
  const { findLesson, noteProgress, readProgress } = require("../lessons") as typeof import("../lessons");
  const { prepareToRead } = require("../setup") as typeof import("../setup");
  const { isRunning } = require("../switch-lab") as typeof import("../switch-lab");
  const [, { title, question, hints }] = findLesson(name);
  const now = () => new Date().toISOString();
  if (hint) {
    const shown = Math.min((readProgress()[name]?.hints ?? 0) + 1, hints.length);
    noteProgress(name, { hints: shown });
    print(`Hint ${shown} of ${hints.length}: ${hints[shown - 1]}`);
    return 0;
  }
  await prepareToRead();
  const { begun } = readProgress()[name] ?? {};
  if (again || !begun || !isRunning(name)) {
    const status = await begin(name, verbose);
    if (status !== 0) return status;
    noteProgress(name, { begun: now(), hints: 0, solved: undefined, revealed: undefined });
  }
  print(
    [
      `${name}: ${title}`,
      question,
      `look:   ${typed(`shell w1 --stack ${name}`)}`,
      `change: ${typed(`up ${name} --config KEY=VALUE`)}, or something inside a node`,
      `then:   ${typed(`lesson check ${name}`)} · ${typed(`lesson ${name} --hint`)}`,
    ].join("\n"),
  );
  return 0;
}

/** The lab as its stack file has it. The verdict is not shown: it is the answer. */
async function begin(name: string, verbose = false): Promise<number> {
  const { deploy } = require("../deploy") as typeof import("../deploy");
  const { labConfig, removeChanges } = require("../overlay") as typeof import("../overlay");
  const { planUnlessSecret } = require("../lab-plan") as typeof import("../lab-plan");
  removeChanges(name);
  const config = labConfig(name);
  const run = await deploy(config, planUnlessSecret(config.file, config.config), {
    verbose,
    information: false,
  });
  return run?.status ?? 1;
}

/** Measures the lab, and holds what was seen against the lesson's goal. */
async function check(name: string, { json, verbose }: Options): Promise<number> {
  const { findLesson, noteProgress } = require("../lessons") as typeof import("../lessons");
  const { requireLab } = require("../labs") as typeof import("../labs");
  const { proberOf } = require("../observation") as typeof import("../observation");
  const study = require("../../../components/study") as typeof import("../../../components/study");
  const stack = await requireLab({ stack: name });
  const { goal } = findLesson(name)[1];
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
    print(isSolved ? solvedBy(name, observation.agrees) : [`Not yet: ${name}.`, ...missing].join("\n"));
  }
  return isSolved ? 0 : 1;
}

function solvedBy(name: string, agrees: boolean): string {
  const { readLessons } = require("../lessons") as typeof import("../lessons");
  const names = Object.keys(readLessons());
  const next = names[names.indexOf(name) + 1];
  return [
    `Solved: ${name}. Measured on every pair.`,
    agrees
      ? "The verdict says so, too: your change is in the lab's config."
      : "The config still predicts the failure: what you changed inside is what works.",
    `why:  stacks/${name}.md · ${typed(`lesson reveal ${name}`)}`,
    `then: ${typed(`down ${name}`)}${next ? ` · ${typed(`lesson ${next}`)}` : ""}`,
  ].join("\n");
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
