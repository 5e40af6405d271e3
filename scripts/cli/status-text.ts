/** The state of a lab as lines for people. */
import { canSwitch, encapsulationText, poolsText, tableNote } from "../../components/plan";
import { typed, typedQuietly } from "./invocation";
import { listed } from "./lab-changes";
import { isOnlyLab } from "./labs";
import type { LabStatus, NodeStatus } from "./status";
import { columns, widthOf } from "./terminal";

/** One line: which lab, its state, and what it is. */
export function headline(status: LabStatus): string {
  const { stack, state, trouble, why } = status;
  if (state === "gone") return `${stack} ${why}.`;
  if (trouble && state === "down" && !/failed/.test(trouble)) return trouble;
  if (state === "down") return `${stack} is down${trouble ? "; its last `up` failed" : ""}.`;
  if (trouble) return trouble;
  if (state === "incomplete") return `${stack} is not complete: its last \`up\` did not finish.`;
  return `${stack} is up, ${whatItIs(status)}`;
}

/** Everything about a lab. */
export function describeStatus(status: LabStatus): string[] {
  const { state, trouble } = status;
  const recorded = trouble && state === "up" ? [`Its recorded state: ${whatItIs(status)}`] : [];
  const built = state === "up" ? describeBuilt(status) : [];
  return [
    headline(status),
    ...recorded,
    ...built,
    ...describeCloud(status),
    ...describeConfig(status),
    next(status.stack, nextWords(status)),
    tableNote(new Date()) ?? [],
  ].flat();
}

function whatItIs({ sandbox, cluster, nodes = [] }: LabStatus): string {
  if (!sandbox) return `${cluster ? "a cluster of " : ""}${nodes.length} machines.`;
  return `on the twin, in ${sandbox === "machine" ? "a QEMU machine" : "namespaces of this machine"}.`;
}

function describeBuilt(status: LabStatus): string[] {
  const { stack, fabric, faults = [], nodes = [], altered = [] } = status;
  const pools = poolsText(status);
  return [
    entry("encapsulation", runsText(status)),
    pools ? entry("IPPools", pools) : [],
    fabric ? entry("fabric", fabric) : [],
    entry("faults", faults.join(", ") || "none"),
    describeNodes(nodes),
    entry("observed", observed(status)),
    altered.length > 0
      ? entry(
          "by hand",
          `changed since the last \`up\`: ${altered.join(", ")}; \`${typed(`up ${stack}`)}\` repairs it`,
        )
      : [],
  ].flat();
}

function describeCloud({ cloud }: LabStatus): string[] {
  if (!cloud) return [];
  if ("notLookedAt" in cloud) return entry("in the cloud", `not looked at: ${cloud.notLookedAt}`);
  const { changes } = cloud;
  return entry("in the cloud", changes.join(" ") || "every machine and address as the last run recorded it");
}

function observed({ stack, observation, trouble }: LabStatus): string {
  if (!observation) return "not measured";
  const when = `(at the last \`up\`${trouble ? " that got that far" : ""})`;
  if (observation.agrees) return `as predicted, every pair ${when}`;
  return `NOT as predicted: ${observation.disagreements} differences, \`${typed(`observe ${stack}`)}\` shows them ${when}`;
}

/** A line with a label, continued below its text. */
const entry = (label: string, text: string): string[] => columns([[label.padEnd(13), text]], "  ");

function describeNodes(nodes: readonly NodeStatus[]): string[] {
  const rows = nodes.map(({ name, address, subnet, role, block, pods }) =>
    block ? [name, address, subnet, role, block, (pods ?? []).join(" ")] : [name, address, subnet, role],
  );
  return columns(rows).flatMap((line, i) => {
    const ssh = nodes[i]?.ssh;
    return [`  ${(i === 0 ? "nodes" : "").padEnd(15)}${line}`, ...(ssh ? [`${" ".repeat(19)}${ssh}`] : [])];
  });
}

function describeConfig({ stack, state, changed, notYetUp, configError }: LabStatus): string[] {
  if (configError) return [configError];
  const reset = `\`${typed(`reset ${stack}`)}\` returns to the file`;
  const apply = `(\`${typed(`up ${stack}`)}\` applies it)`;
  return [
    changed.length > 0 ? entry("changed", `for this lab: ${changed.map(listed).join("; ")}; ${reset}`) : [],
    state === "up" && notYetUp.length > 0 ? entry("not yet up", `${notYetUp.join("; ")} ${apply}`) : [],
  ].flat();
}

function nextWords(status: LabStatus): string[] {
  const { state, trouble, sandbox, cluster, nodes = [], altered, cloud } = status;
  if (state === "down") return ["up", trouble && !/failed/.test(trouble) ? "down" : "verdict"];
  if (state !== "up") return ["up", "down"];
  const shell = `shell ${nodes.at(-1)?.name}`;
  const isOther = altered !== undefined || (cloud && "changes" in cloud && cloud.changes.length > 0);
  const repair = trouble || isOther ? ["up"] : [];
  if (sandbox) return [...repair, shell, ...switchWords(status), "observe", "down"];
  return [...repair, ...(cluster ? ["kubeconfig", shell] : []), "down"];
}

/** The encapsulations that a lab runs. */
export const runsText = ({ encapsulation, ipPools }: Pick<LabStatus, "encapsulation" | "ipPools">): string =>
  encapsulation ? encapsulationText({ encapsulation, ipPools }) : "";

/** A switch to suggest next; none in a lab whose IPPools all have an encapsulation of their own. */
export const switchWords = ({
  encapsulation,
  ipPools,
}: Pick<LabStatus, "encapsulation" | "ipPools">): string[] =>
  canSwitch({ ipPools }) ? [`switch ${encapsulation === "VXLAN" ? "IPIP" : "VXLAN"}`] : [];

/** What to type next: one line if it fits, and no command is broken between two. */
export function next(stack: string, words: readonly string[]): string {
  const unnamed = isOnlyLab(stack);
  const room = widthOf(process.stdout);
  const lines: string[] = [];
  for (const one of words.map((word) => onLab(word, stack, unnamed))) {
    const last = lines.at(-1);
    if (last === undefined) lines.push(`next: ${one}`);
    else if (`${last} · ${one}`.length <= room) lines[lines.length - 1] = `${last} · ${one}`;
    else lines.push(`      ${one}`);
  }
  return lines.join("\n");
}

function onLab(word: string, stack: string, unnamed: boolean): string {
  if (word === "kubeconfig") return typedQuietly(`kubeconfig ${stack} > kubeconfig`);
  if (unnamed) return typed(word);
  return /^(shell|switch) /.test(word) ? typed(`${word} --stack ${stack}`) : typed(`${word} ${stack}`);
}
