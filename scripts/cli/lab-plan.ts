/** The plan of a lab's config, with the user's mistakes in plain sentences. */
import { ConfigError, type LabConfig, parseStackConfig } from "../../components/config";
import { type LabPlan, planLab } from "../../components/plan";
import type { StackConfig } from "./config-path";
import { BAD_USAGE, Failure } from "./failure";
import type { StackFile } from "./stack-file";

/** @throws {Failure} when the config cannot be used, naming the file that it is from. */
export const planOf = (file: StackFile, config: StackConfig): LabPlan =>
  inPlainSentences(file, () => planLab(parseStackConfig(config)));

/** The checked config. @throws {Failure} as {@link planOf}. */
export const configOf = (file: StackFile, config: StackConfig): LabConfig =>
  inPlainSentences(file, () => parseStackConfig(config));

function inPlainSentences<T>(file: StackFile, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new Failure(`${file.name}: ${error.message}`, BAD_USAGE);
  }
}

/** As {@link planOf}, but undefined if the config cannot be judged without its secrets: the engine then checks it. */
export function planUnlessSecret(file: StackFile, config: StackConfig): LabPlan | undefined {
  try {
    return planOf(file, config);
  } catch (error) {
    if (file.secrets.length > 0 && error instanceof Failure) return undefined;
    throw error;
  }
}
