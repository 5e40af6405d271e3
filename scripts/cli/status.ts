/** A short report on a lab: what is up, what was last measured, what to do next. */
import { findSandbox } from "../../components/infrastructure/twin/sandbox";
import { type LabPlan, tableNote } from "../../components/plan";
import {
  type DeployedTwin,
  deploymentOf,
  differences,
  isEmpty,
  type MachineOutputs,
  outputsOf,
  twinOf,
} from "./deployment";
import { Failure } from "./failure";
import { lastUpdateOf, troubleWith } from "./last-update";
import { hasFile, planOf, readStackFile } from "./stack-file";

/** Shows the state of a stack's lab. The exit code is 0 whatever the state is. */
export function showStatus(stack: string): number {
  const deployed = deploymentOf(stack);
  if (!deployed) readStackFile(stack); // fails if there is no such stack: a typing error
  console.log([...describe(), tableNote(new Date()) ?? []].flat().join("\n"));
  return 0;

  function describe(): string[] {
    if (!deployed) return [`${stack} is down.`, next(stack, "up", "verdict")];
    const last = lastUpdateOf(stack, deployed);
    const trouble = troubleWith(stack, last);
    if (isEmpty(deployed)) {
      if (trouble && (last?.ended === "running" || last?.ended === "killed"))
        return [trouble, next(stack, "up", "down")];
      const failed = last?.command === "up" && last.ended === "failed";
      return [`${stack} is down${failed ? "; its last `up` failed" : ""}.`, next(stack, "up", "verdict")];
    }
    const twin = twinOf(deployed);
    if (twin) return describeTwin(stack, twin, trouble);
    const outputs = outputsOf(deployed);
    if (outputs?.nodes) return describeMachines(stack, outputs, trouble);
    return [trouble ?? incomplete(stack), next(stack, "up", "down")];
  }
}

/** @param trouble what is wrong with the last run. If set, the recorded state does not prove that the lab is up. */
function headline(stack: string, what: string, trouble: string | undefined): string[] {
  return trouble ? [trouble, `Its recorded state: ${what}`] : [`${stack} is up, ${what}`];
}

function describeTwin(
  stack: string,
  { folder, plan, observation }: DeployedTwin,
  trouble: string | undefined,
): string[] {
  const sandbox = findSandbox(folder);
  if (!sandbox) {
    return [
      `${stack} was up, but its processes are gone (was this machine restarted?).`,
      next(stack, "up", "down"),
    ];
  }
  if (!plan) return [trouble ?? incomplete(stack), next(stack, "up", "down")];
  const where = sandbox.kind === "machine" ? "a QEMU machine" : "namespaces of this machine";
  const seen = observation?.agrees
    ? "as predicted, every pair"
    : `NOT as predicted: ${observation?.disagreements.length ?? 0} differences, \`npm run lab -- observe ${stack}\` shows them`;
  return [
    ...headline(stack, `on the twin, in ${where}.`, trouble),
    `  encapsulation  ${plan.encapsulation}`,
    `  fabric         ${plan.fabric}`,
    `  faults         ${plan.faults.join(", ") || "none"}`,
    ...plan.nodes.map(describeNode),
    `  observed       ${seen} (at the last \`up\`${trouble ? " that got that far" : ""})`,
    ...describeDifference(stack, plan),
    next(
      stack,
      ...(trouble ? ["up"] : []),
      `shell ${plan.nodes.at(-1)?.name}`,
      `switch ${another(plan)}`,
      "observe",
      "down",
    ),
  ];
}

function describeMachines(
  stack: string,
  { encapsulation, faults = [], nodes = [], kubeconfig }: MachineOutputs,
  trouble: string | undefined,
): string[] {
  return [
    ...headline(stack, `${kubeconfig ? "a cluster of " : ""}${nodes.length} machines.`, trouble),
    `  encapsulation  ${encapsulation}`,
    `  faults         ${faults.join(", ") || "none"}`,
    ...nodes.map(({ name, role, subnet, address, ssh }, i) => {
      const label = (i === 0 ? "nodes" : "").padEnd(15);
      return `  ${label}${name.padEnd(5)} ${address.padEnd(15)} ${subnet}, ${role}; ${ssh}`;
    }),
    "  observed       not measured",
    next(
      stack,
      ...(trouble ? ["up"] : []),
      ...(kubeconfig ? [`kubeconfig ${stack} > kubeconfig`, `shell ${nodes.at(-1)?.name}`] : []),
      "down",
    ),
  ];
}

const incomplete = (stack: string): string => `${stack} is not complete: its last \`up\` did not finish.`;

function describeNode(
  { name, role, subnet, address, block, pods }: LabPlan["nodes"][number],
  i: number,
): string {
  const label = (i === 0 ? "nodes" : "").padEnd(15);
  const podNames = pods.map((pod) => pod.name).join(", ");
  return `  ${label}${name.padEnd(5)} ${address.padEnd(15)} ${subnet}, ${role}; pods ${podNames} of ${block}`;
}

/** The keys of the plan that the user sets directly. Everything else follows from them. */
const WRITTEN = ["cloud", "fabric", "encapsulation", "faults", "serviceCidr", "proxyMode"] as const;

function describeDifference(stack: string, deployed: LabPlan): string[] {
  if (!hasFile(stack)) return [];
  const file = readStackFile(stack);
  let wanted: LabPlan;
  try {
    wanted = planOf(file);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [error.message];
  }
  const keys = differences(deployed, wanted);
  if (keys.length === 0) return [];
  const written = WRITTEN.filter((key) => keys.includes(key));
  const what = written.length > 0 ? written.map((key) => `${key} ${show(wanted[key])}`) : keys;
  return [
    `  not yet up     ${file.name} says: ${what.join("; ")} (\`npm run lab -- up ${stack}\` applies it)`,
  ];
}

/** An encapsulation to suggest next. */
const another = ({ encapsulation }: LabPlan): string => (encapsulation === "VXLAN" ? "IPIP" : "VXLAN");

const show = (value: unknown): string => (Array.isArray(value) ? value.join(", ") || "none" : String(value));

function next(stack: string, ...words: string[]): string {
  const lines = words.map((word) => {
    if (word.startsWith("kubeconfig ")) return `npm run -s lab -- ${word}`;
    const named = /^(up|down|verdict|observe)$/.test(word) ? ` ${stack}` : ` --stack ${stack}`;
    return `npm run lab -- ${word}${stack === "local" ? "" : named}`;
  });
  return `next: ${lines.join(" · ")}`;
}
