/** Collects what a report shows: the deployed plan and what was observed, else the plan of the config. */
import { ConfigError, type Encapsulation, PROJECT, parseStackConfig } from "../../components/config";
import { type LabPlan, planLab } from "../../components/plan";
import type { Observation } from "../../components/study";
import type { Bench } from "../../components/study/bench";
import { type Captured, modesOf, type Report } from "../../components/study/report";
import { lastBench } from "./bench-record";
import { type Deployment, deploymentOf, differences, isEmpty, observationOf, twinOf } from "./deployment";
import { describeChanges, listed, show } from "./lab-changes";
import { planOf } from "./lab-plan";
import { planOnMachines } from "./living-pods";
import { type LabConfig, labConfig } from "./overlay";
import { ownVersion } from "./own-version";
import { hasFile } from "./stack-file";
import { lastSwitch } from "./switch-record";

/** What a report shows beside the lab itself. */
export interface ReportExtras {
  now?: Date;
  /** Default: the lab's last one. */
  bench?: Bench;
  captured?: Captured;
}

/**
 * The report on a lab. What is up counts: the config is what it would become at the next `up`.
 * @throws {Failure} when neither a deployed plan nor a usable config says what the lab is.
 */
export function reportOn(
  stack: string,
  { now = new Date(), bench = lastBench(stack), captured }: ReportExtras = {},
): Report {
  const deployed = deploymentOf(stack);
  const up = isEmpty(deployed) ? undefined : twinOf(deployed)?.plan;
  const config = hasFile(stack) || !up ? labConfig(stack) : undefined;
  const plan = up ?? planFrom(config as LabConfig, deployed);
  const observation = observationOf(deployed);
  const switched = isEmpty(deployed) ? undefined : lastSwitch(stack, plan.encapsulation);
  return {
    stack,
    version: ownVersion(),
    madeAt: now.toISOString(),
    isUp: !isEmpty(deployed),
    plan,
    modes: modesOf(plan, (encapsulation) => planWith(config, encapsulation)),
    ...(observation && { observation }),
    ...(switched && { switched }),
    ...(bench && { bench }),
    ...(captured && { captured }),
    notes: notesOn(config, plan, observation),
    config: Object.entries(config?.config ?? {}).map(([key, value]) => ({ key, value: show(value) })),
  };
}

/** The plan of machines that are up, whose state has none, else that of the config. */
const planFrom = (config: LabConfig, deployed: Deployment | undefined): LabPlan =>
  planOnMachines(config, deployed) ?? planOf(config.file, config.config);

/** @throws {ConfigError} when the lab cannot have that encapsulation. */
function planWith(config: LabConfig | undefined, encapsulation: Encapsulation): LabPlan {
  if (!config) {
    const message = "cannot be predicted: the stack has no file";
    throw new ConfigError([{ key: "encapsulation", value: encapsulation, message }]);
  }
  return planLab(parseStackConfig({ ...config.config, [`${PROJECT}:encapsulation`]: encapsulation }));
}

function notesOn(
  config: LabConfig | undefined,
  plan: LabPlan,
  observation: Observation | undefined,
): string[] {
  const changes = config ? describeChanges(config) : [];
  const secrets = config?.file.secrets ?? [];
  return [
    ...(observation?.at ? [`Measured ${observation.at.slice(0, 16).replace("T", " ")} UTC.`] : []),
    ...(changes.length > 0 ? [`Changed for this lab: ${changes.map(listed).join("; ")}.`] : []),
    ...(secrets.length > 0 ? [`Not in this report, because they are secret: ${secrets.join(", ")}.`] : []),
    ...differingConfig(config, plan),
  ];
}

/** The other encapsulations are planned from the config, which may have been edited since the last `up`. */
function differingConfig(config: LabConfig | undefined, plan: LabPlan): string[] {
  if (!config) return [];
  const keys = differences(plan, planOf(config.file, config.config));
  if (keys.length === 0) return [];
  return [
    `The config differs from what is up (${keys.join(", ")}); the other encapsulations are predicted from the config.`,
  ];
}
