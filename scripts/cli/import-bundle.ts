/** `lab import` of a bundle: the same lab again. */
import { faultLabel, parseConfig } from "../../components/config";
import { encapsulationText, judge, planLab } from "../../components/plan";
import { formatOutcomes } from "../../components/study";
import { configOf, type ReadBundle, rehearsed } from "../../components/study/bundle";
import { plainStackFile } from "../../components/study/import";
import { formatMarkdown, modesOf } from "../../components/study/report";
import { shown, type Target, writeTarget } from "./import-files";
import { typed } from "./invocation";
import { ownVersion } from "./own-version";
import { print, say, widthOf } from "./terminal";

interface Options {
  name: string;
  target: Target | undefined;
  asIs?: boolean;
}

export function importBundle(bundle: ReadBundle, { name, target, asIs }: Options): number {
  const { plan, refused } = asIs ? { plan: bundle.plan, refused: undefined } : rehearsed(bundle.plan);
  const config = configOf(plan);
  const text = plainStackFile(`${name}: ${bundle.about.replace(/\.$/, "")}.`, config);
  const where =
    plan.onTwin && !bundle.plan.onTwin
      ? " It was elsewhere, and is rehearsed on this machine; --as-is keeps where it was."
      : "";
  const notes = [
    ...(bundle.differs
      ? ["This version of encaplab predicts something else than the one that made the bundle."]
      : []),
    ...(refused ? [`It cannot be rehearsed on this machine: ${refused}.`] : []),
  ];
  for (const note of notes) say(`note: ${note}`);
  const faults = plan.faults.map(faultLabel).join(", ") || "none";
  const lines = [
    `${name}: ${encapsulationText(plan)} on the ${plan.fabric} fabric, ${plan.nodes.length} nodes, faults: ${faults}.${where}`,
    formatOutcomes(judge(plan), { width: widthOf(process.stdout) }),
  ];
  if (!target) {
    process.stdout.write(text);
    say(lines.join("\n"));
    return 0;
  }
  const page = formatMarkdown({
    stack: name,
    version: ownVersion(),
    madeAt: new Date().toISOString(),
    isUp: false,
    plan,
    modes: modesOf(plan, (encapsulation) => planLab(parseConfig({ ...config, encapsulation }))),
    notes: [`Imported: ${bundle.about}`, ...notes],
    config: [],
  });
  writeTarget(target, text, page);
  const next = target.isInStacks
    ? `next: ${typed(`verdict ${name}`)} · ${typed(`up ${name}`)}`
    : `Put both files into stacks/.`;
  print([...lines, `Written: ${shown(target.stack)}, ${shown(target.page)}`, next].join("\n"));
  return 0;
}
