/** The page beside an imported stack: what was read from where, what was assumed, and what the lab does not have. */
import { faultLabel, faultOf } from "../../config";
import { CATALOGUE } from "../../plan";
import { plain, table } from "../markdown-text";
import { showFault } from "./faults";
import type { ImportedLab } from "./lab";
import { clean, showProblem, showSource } from "./source";

/** Bullets of text that is Markdown already. */
const bullets = (texts: readonly string[]): string => texts.map((text) => `- ${text}`).join("\n");

/** The page in Markdown. */
export function page(name: string, { entries, faults, assumptions, facts }: ImportedLab): string {
  const shown = (key: string, value: unknown) =>
    key === "topology" || key === "faults"
      ? undefined
      : [`\`${key}\``, plain(String(value)), plain(entries.find((one) => one.key === key)?.why ?? "")];
  const rows = entries.flatMap(({ key, value }) => {
    const row = shown(key, value);
    return row ? [row] : [];
  });
  return [
    `# ${name}: an imported cluster`,
    `The stack file is \`Pulumi.${name}.yaml\`. \`lab verdict ${name}\` predicts its paths, and \`lab up ${name}\` builds its network on this machine.`,
    "## Faults that were found",
    faults.length > 0
      ? bullets(
          faults.map(
            (one) =>
              `**${faultLabel(one.setting)}**: ${plain(showFault(one))}. Fix: ${plain(CATALOGUE[faultOf(one.setting)].fix)}. See <${CATALOGUE[faultOf(one.setting)].reference}>`,
          ),
        )
      : "Nothing that was read shows one.",
    "## What the config has, and from where",
    table(["key", "value", "from"], rows),
    "## What was assumed",
    assumptions.length > 0 ? bullets(assumptions.map(plain)) : "Nothing.",
    "## What the lab does not have",
    "These things were read, and the lab has no place for them. The verdict does not consider them.",
    facts.notExpressed.length > 0 ? bullets(grouped(facts.notExpressed).map(plain)) : "Nothing.",
    ...(facts.problems.length > 0
      ? ["## What could not be read", bullets(facts.problems.map((one) => plain(showProblem(one))))]
      : []),
    "## What was read",
    facts.read.length > 0
      ? bullets(facts.read.map(({ what, source }) => plain(`${showSource(source)}: ${what}`)))
      : "Nothing.",
  ]
    .join("\n\n")
    .concat("\n")
    .replace(/[^\P{C}\n]/gu, " ");
}

/** Most lines of one list: a cluster may have hundreds of policies. */
const MOST = 40;

/** What was not expressed, each with its source; the rest is counted. */
export function grouped(all: ImportedLab["facts"]["notExpressed"]): string[] {
  const texts = [...new Set(all.map(({ what, source }) => clean(`${what} (${showSource(source)})`)))];
  return texts.length > MOST ? [...texts.slice(0, MOST), `and ${texts.length - MOST} more`] : texts;
}
