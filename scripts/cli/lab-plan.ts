/** The plan of a lab's config, with the user's mistakes in plain sentences. */
import { ConfigError, parseStackConfig } from "../../components/config";
import { type LabPlan, planLab } from "../../components/plan";
import type { StackConfig } from "./config-path";
import { BAD_USAGE, Failure } from "./failure";
import type { StackFile } from "./stack-file";

/** @throws {Failure} when the config cannot be used, naming the file that it is from. */
export function planOf(file: StackFile, config: StackConfig): LabPlan {
  try {
    return planLab(parseStackConfig(config));
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
