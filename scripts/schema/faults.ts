/** The catalogue of faults as a page. */
import { FABRICS, FAULTS, type Fault } from "../../components/config";
import { CATALOGUE, FAULT_FACTS } from "../../components/plan";

/** The page stacks/faults.md. */
export const faultsPage = (): string =>
  [
    "<!-- Written by `npm run schema` from components/plan. Do not edit. -->",
    "",
    "# The faults",
    "",
    "A fault is a deliberate defect: add its name to `faults`, see what breaks, remove it",
    "again. No machine is replaced for it. `lab verdict` says beforehand what it changes, and",
    "`lab observe` shows it with real packets.",
    "",
    "```",
    "scripts/lab up local --config 'faults=[ip-forward-off]'",
    "scripts/lab up local --config 'faults=[{fault: ipip-blocked, nodes: [w2]}]'",
    "```",
    "",
    "A fault that blocks packets also takes `direction: out`, where the nodes' own firewalls",
    "block them. A security group only filters what comes in.",
    "",
    ...FAULTS.flatMap(entry),
    "## What is no fault here",
    "",
    "- **`bridge-nf-call-iptables` off**: Calico routes every packet between a pod and its",
    "  node, and has no bridge, so no path depends on it.",
    "",
  ].join("\n");

function entry(fault: Fault): string[] {
  const { symptom, cause, evidence, fix, reference } = CATALOGUE[fault];
  return [
    `## ${fault}`,
    "",
    `- Symptom: ${symptom}.`,
    `- Cause: ${cause}.`,
    `- Evidence: ${evidence}.`,
    `- Fix: ${fix}.`,
    `- Where: ${placeOf(fault)}.`,
    `- See: ${reference}`,
    "",
  ];
}

/** Where the lab can have a fault. */
function placeOf(fault: Fault): string {
  const { fabrics, of, closes, onAllBecause, onTwinBecause } = FAULT_FACTS[fault];
  const place = fabrics.length === FABRICS.length ? "every fabric" : `fabric ${fabrics.join(" or ")}`;
  const here = onTwinBecause ? `, on the twin only (${onTwinBecause})` : ", on this machine only";
  const only = of === "host" ? here : of === "fabric" ? ", not on existing machines" : "";
  const nodes = onAllBecause ? `all nodes (${onAllBecause})` : "any nodes";
  return `${place}${only}; ${nodes}${closes ? "; in or out" : ""}`;
}
