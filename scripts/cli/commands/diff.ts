/** `lab diff`: two verdicts side by side, and only what differs. */
import type { Command } from "commander";
import { command, endsWith, jsonOption, type LabOptions, named } from "../command";
import type { Change } from "../config-path";
import { badUsage } from "../failure";
import { findLabOrDefault, nameOf } from "../labs";
import { print, printJson, widthOf } from "../terminal";

/** As diff(1): 0 the same, 1 different, 2 trouble. */
const DIFFERS = 1;

export const diff = (): Command =>
  command("diff", {
    summary: "compare two verdicts, and show what differs",
    details:
      "Compares what is predicted for two stacks, or for one stack and the same with other values: --config is then the other side. A key that is given twice has its first value on one side, and its second on the other. With two stacks, --config holds for both. Shows only what differs. Writes and starts nothing. Exit codes, as diff has them: 0 the same, 1 something differs, 2 the command or the config is wrong.",
    examples: [
      "diff L7 L8",
      "diff L1 --config encapsulation=VXLAN",
      "diff local --config encapsulation=IPIP encapsulation=None --json",
    ],
  })
    .argument("[stack]", "the one side; default: the only lab that is up, else local")
    .argument("[other]", "the other side; default: the same stack with --config")
    .option("-c, --config <key=value...>", "the other side's values; with two stacks, both sides'")
    .addOption(jsonOption())
    .action(endsWith(compare));

async function compare(
  first: string | undefined,
  second: string | undefined,
  { config: texts = [], json }: LabOptions,
): Promise<number> {
  const { parseChange } = require("../config-path") as typeof import("../config-path");
  const { diffOf, formatDiff } =
    require("../../../components/study") as typeof import("../../../components/study");
  const changes = texts.map(parseChange);
  const which = named(first, {});
  const stack = nameOf(which) ?? (await findLabOrDefault(which));
  const other = nameOf(named(second, {}));
  if (other === undefined && changes.length === 0)
    throw badUsage(`${stack} with what? Name another stack, or give --config its other values.`);
  const [ours, theirs] = other === undefined ? split(changes) : [changes, changes];
  const [a, b] = [sideOf(stack, ours), sideOf(other ?? stack, theirs)];
  // Two columns of one name would say nothing.
  if (a.name === b.name) b.name = `${b.name} (again)`;
  const found = diffOf(a, b);
  if (json) printJson({ a: a.name, b: b.name, ...found });
  else print(formatDiff(a, b, { width: widthOf(process.stdout) }));
  return found.same ? 0 : DIFFERS;
}

/** The values of each side, for one stack. @throws {Failure} when a key has more than two values. */
export function split(changes: readonly Change[]): [Change[], Change[]] {
  const valuesOf = (path: string) => changes.filter((change) => change.path === path);
  const twice = changes.filter(({ path }) => valuesOf(path).length > 1);
  const tooMany = changes.find(({ path }) => valuesOf(path).length > 2);
  if (tooMany) throw badUsage(`--config has more than two values for ${tooMany.path}: two can be compared.`);
  const once = changes.filter(({ path }) => valuesOf(path).length === 1);
  const first = twice.filter((change) => valuesOf(change.path)[0] === change);
  const last = twice.filter((change) => valuesOf(change.path)[1] === change);
  // With two values of a key, what is given once is what both have in common.
  return twice.length > 0
    ? [
        [...once, ...first],
        [...once, ...last],
      ]
    : [[], once];
}

function sideOf(stack: string, changes: readonly Change[]) {
  const { labConfig } = require("../overlay") as typeof import("../overlay");
  const { planOf } = require("../lab-plan") as typeof import("../lab-plan");
  const { show } = require("../lab-changes") as typeof import("../lab-changes");
  const { judge } = require("../../../components/plan") as typeof import("../../../components/plan");
  const { file, config } = labConfig(stack, changes);
  const plan = planOf(file, config);
  const supposed = changes.map(({ path, value }) => `${path}=${show(value)}`).join(" ");
  return { name: supposed ? `${stack} ${supposed}` : stack, plan, verdict: judge(plan) };
}
