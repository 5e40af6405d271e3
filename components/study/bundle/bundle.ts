/** A lab as a bundle: files for an archive, or text to paste into an issue tracker. */
import { parseDocument } from "yaml";
import { ConfigError, parseStackConfig } from "../../config";
import { judge, type LabPlan, planLab, type Verdict } from "../../plan";
import { ImportError, plainStackFile } from "../import";
import { formatMarkdown, type Report } from "../report";
import { configOf } from "./config";

/** The format's number. A later format that this version cannot read gets another one. */
const FORMAT = 1;

/** What the bundle says about itself. */
export interface About {
  format: number;
  stack: string;
  /** encaplab's version. */
  version: string;
  madeAt: string;
  isRedacted: boolean;
  /** Versions of what ran it: Node.js, the kernel, the engine. */
  environment: Readonly<Record<string, string>>;
}

/** A file of a bundle. */
export interface BundleFile {
  name: string;
  text: string;
}

/** How a bundle is made. */
export interface BundleArgs {
  /** Redacted, if the bundle shall be. */
  report: Report;
  isRedacted: boolean;
  environment: About["environment"];
}

function aboutOf({ report: { stack, version, madeAt }, isRedacted, environment }: BundleArgs): About {
  return { format: FORMAT, stack, version, madeAt, isRedacted, environment };
}

/** The files of a bundle. */
export function bundleFiles({ report, isRedacted, environment }: BundleArgs): BundleFile[] {
  const { plan, observation } = report;
  const about = aboutOf({ report, isRedacted, environment });
  const json = (name: string, value: unknown) => ({ name, text: `${JSON.stringify(value, null, 2)}\n` });
  return [
    json("bundle.json", about),
    { name: "stack.yaml", text: stackText(about, plan) },
    json("plan.json", plan),
    json("verdict.json", judge(plan)),
    ...(observation ? [json("observation.json", observation)] : []),
    { name: "report.md", text: formatMarkdown(report) },
  ];
}

/** The bundle as Markdown: the report, and the lab in a form that `lab import` reads. */
export function bundleText({ report, isRedacted, environment }: BundleArgs): string {
  const { plan } = report;
  const about = aboutOf({ report, isRedacted, environment });
  const versions = Object.entries(environment).map(([name, value]) => `${name} ${value}`);
  return [
    formatMarkdown(report).trimEnd(),
    `<sub>${versions.join(" · ")}</sub>`,
    `<details><summary>The lab itself, for <code>lab import</code></summary>\n\n\`\`\`yaml\n${stackText(about, plan).trimEnd()}\n\`\`\`\n\n</details>\n`,
  ].join("\n\n");
}

const MARK = /^# encaplab bundle (\d+): /;

const stackText = ({ format, stack, version, madeAt }: About, plan: LabPlan): string =>
  plainStackFile(
    `encaplab bundle ${format}: ${stack}, by encaplab ${version} on ${madeAt.slice(0, 10)}.`,
    configOf(plan),
  )
    // The line for editors would be in the way of the mark, and names a file that an issue tracker has not.
    .replace(/^# yaml-language-server:.*\n/, "");

/** A bundle that was read. */
export interface ReadBundle {
  /** The stack's name where the bundle was made. */
  stack: string;
  /** What its first line says. */
  about: string;
  plan: LabPlan;
  /** The verdict where it was made; undefined in pasted text. */
  verdict?: Verdict;
  /** Whether this version predicts something else than the one that made the bundle. */
  differs: boolean;
}

/**
 * The bundle in files of an archive, or in pasted text. What it says is planned anew, and only the plan counts: nothing of
 * a stranger's file reaches a stack file as it is.
 *
 * @returns undefined if there is none.
 * @throws {ImportError} when there is one that cannot be read.
 */
export function bundleIn(files: readonly BundleFile[]): ReadBundle | undefined {
  const about = files.find(({ name }) => /(^|\/)bundle\.json$/.test(name));
  const stack = about && files.find(({ name }) => name === about.name.replace(/bundle\.json$/, "stack.yaml"));
  const pasted = files
    .map(({ name, text }) => ({ name, text: pastedIn(text) }))
    .find(({ text }) => text !== undefined);
  const found = stack ?? pasted;
  if (!found?.text) return undefined;
  const [first = ""] = found.text.split("\n");
  const format = Number(MARK.exec(first)?.[1]);
  if (format !== FORMAT)
    throw new ImportError(
      `${found.name} is a bundle of format ${format || "(not told)"}; this version of encaplab reads format ${FORMAT}.`,
    );
  const name = first.replace(MARK, "").split(",")[0] ?? "";
  const plan = planned(found.name, found.text);
  const verdict = about && verdictIn(files, about.name);
  return {
    stack: name,
    about: first.replace(MARK, "a bundle of the lab "),
    plan,
    ...(verdict && { verdict }),
    differs:
      verdict !== undefined &&
      JSON.stringify(verdict.paths) !== JSON.stringify(JSON.parse(JSON.stringify(judge(plan).paths))),
  };
}

/** The stack file in a bundle that was pasted: in its fence, or alone. */
function pastedIn(text: string): string | undefined {
  const lines = text.split(/\r?\n/);
  const start = lines.findIndex((line) => MARK.test(line));
  if (start === -1) return undefined;
  const end = lines.findIndex((line, i) => i > start && /^\s*(```|~~~)/.test(line));
  return lines.slice(start, end === -1 ? undefined : end).join("\n");
}

function planned(file: string, text: string): LabPlan {
  try {
    const document = parseDocument(text, { logLevel: "silent" });
    const [error] = document.errors;
    if (error)
      throw new ImportError(`${file}: the bundle's stack file is not YAML: ${error.message.split("\n")[0]}`);
    const { config } = (document.toJS({ maxAliasCount: 0 }) ?? {}) as { config?: unknown };
    if (config === null || typeof config !== "object")
      throw new ImportError(`${file}: the bundle's stack file must have a section "config:".`);
    return planLab(parseStackConfig(config as Record<string, unknown>));
  } catch (error) {
    if (error instanceof ImportError) throw error;
    if (error instanceof ConfigError) throw new ImportError(`${file}: ${error.message}`);
    throw new ImportError(
      `${file}: the bundle's stack file cannot be read: ${(error as Error).message.split("\n")[0]}`,
    );
  }
}

function verdictIn(files: readonly BundleFile[], about: string): Verdict | undefined {
  const file = files.find(({ name }) => name === about.replace(/bundle\.json$/, "verdict.json"));
  try {
    const verdict = JSON.parse(file?.text ?? "") as Verdict;
    return Array.isArray(verdict.paths) ? verdict : undefined;
  } catch {
    return undefined;
  }
}
