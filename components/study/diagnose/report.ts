/** A diagnosis as text: what fails, the cause with its evidence, the fix and the reference, and what was ruled out. */
import { type FaultSetting, faultLabel, faultOf } from "../../config";
import { CATALOGUE, type LabPlan, type Verdict } from "../../plan";
import { DEFAULT_WIDTH, wrap } from "../columns";
import type { FoundFault } from "../import";
import { showFault } from "../import";
import type { Observation } from "../observation";
import { formatObservation } from "../observation-report";
import { formatOutcomes } from "../verdict-report";
import type { Cause, Diagnosis } from "./causes";
import { fixCommands, fixInWords, type Ids } from "./fix";

/** What a report of a diagnosis is made of. */
export interface DiagnosisReport {
  plan: LabPlan;
  verdict: Verdict;
  /** What the import has found, with evidence. */
  found: readonly FoundFault[];
  ids: Ids;
  /** Undefined where only the objects were read, and nothing was measured. */
  observation?: Observation;
  diagnosis?: Diagnosis;
}

export function formatDiagnosis(report: DiagnosisReport, width: number = DEFAULT_WIDTH): string {
  const { verdict, observation, diagnosis, plan } = report;
  const say = (text: string) => wrap(text, { width });
  const table = observation ? formatObservation(observation, { width }) : formatOutcomes(verdict, { width });
  if (isHealthy(report)) return [table, say("Nothing is wrong: no fault was found.")].join("\n");
  const unfelt = diagnosis?.unfelt ?? [];
  const causes = diagnosis?.cause ? [diagnosis.cause, ...diagnosis.alternatives] : [];
  const [first, ...others] = causes;
  const shown = first ?? (diagnosis ? undefined : { faults: [...plan.faults], unexplained: 0 });
  return [
    table,
    ...(shown && shown.faults.length > 0 ? causeLines(report, shown, width) : []),
    ...(others.length > 0
      ? [
          say(
            `These explain as much, and the packets do not tell them apart: ${others.map(labelOf).slice(0, 8).join("; ")}.`,
          ),
        ]
      : []),
    ...(unfelt.length > 0
      ? [
          say("Read in the cluster, though no probe fails by it:"),
          ...unfelt.flatMap((setting) => faultLines(report, setting, width)),
        ]
      : []),
    ...(diagnosis && !diagnosis.isHealthy && !diagnosis.cause
      ? [say(`Nothing that this program knows explains it. Ruled out: ${diagnosis.ruledOut.join(", ")}.`)]
      : []),
    ...(!diagnosis && plan.faults.length === 0
      ? [
          say(
            "The verdict fails without any fault: the encapsulation does not fit this network; `lab verdict` says why.",
          ),
        ]
      : []),
  ].join("\n");
}

/** Whether a diagnosis ends well. */
export function isHealthy({ diagnosis, verdict }: Pick<DiagnosisReport, "diagnosis" | "verdict">): boolean {
  // An encapsulation that cannot work in its network fails without any fault, as predicted.
  const isFine = verdict.paths.every(({ outcome }) => outcome === "works") && verdict.notReady.length === 0;
  return diagnosis ? diagnosis.isHealthy && diagnosis.unfelt.length === 0 && isFine : isFine;
}

const labelOf = ({ faults }: Cause): string => faults.map(faultLabel).join(" with ");

function causeLines(report: DiagnosisReport, cause: Cause, width: number): string[] {
  const { diagnosis } = report;
  const explains = diagnosis
    ? cause.unexplained === 0
      ? " (explains everything that was seen)"
      : ` (leaves ${cause.unexplained} of ${diagnosis.differing} differences unexplained)`
    : " (by what was read; nothing was measured)";
  return [
    wrap(`cause: ${labelOf(cause)}${explains}`, { width }),
    ...cause.faults.flatMap((setting) => faultLines(report, setting, width)),
  ];
}

/** What a fault is, what shows it, how to fix it, and where to read about it. */
function faultLines(
  { plan, found, ids, observation }: DiagnosisReport,
  setting: FaultSetting,
  width: number,
): string[] {
  const line = (text: string) => wrap(text, { width });
  const entry = CATALOGUE[faultOf(setting)];
  return [
    line(`  ${faultLabel(setting)}: ${entry.cause}`),
    ...evidenceOf(setting, found, observation).map((text) => line(`  evidence: ${text}`)),
    line(`  fix: ${fixInWords(setting)}`),
    ...fixCommands(plan, setting, ids)
      .slice(0, 4)
      .map((command) => `    ${command}`),
    `  see: ${entry.reference}`,
  ];
}

function evidenceOf(
  setting: FaultSetting,
  found: readonly FoundFault[],
  observation?: Observation,
): string[] {
  const own = found.filter((one) => faultOf(one.setting) === faultOf(setting)).map(showFault);
  const down = Object.entries(observation?.sessionsDown ?? {}).filter(([, peers]) => peers.length > 0);
  const off = observation?.nodes?.filter(({ forwards }) => forwards === false) ?? [];
  const settings =
    faultOf(setting) === "ip-forward-off"
      ? off.map(({ node }) => `/proc/sys/net/ipv4/ip_forward of ${node} is 0`)
      : [];
  const sessions =
    faultOf(setting) === "bgp-blocked" && down.length > 0
      ? [
          `sessions that are not established: ${down.map(([node, peers]) => `${node} with ${peers.join(", ")}`).join("; ")}`,
        ]
      : [];
  const evidence = [...own, ...settings, ...sessions];
  return evidence.length > 0 ? evidence : [`to prove it: ${CATALOGUE[faultOf(setting)].evidence}`];
}
