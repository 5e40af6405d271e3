/** Finds what is wrong with a config. Any error but a ConfigError is a bug and is thrown. */
import { ConfigError, type LabConfig, type Problem, parseConfig } from "../../components/config";
import { type LabPlan, planLab } from "../../components/plan";

export type RawConfig = Readonly<Record<string, unknown>>;

/** Makes a plan from a stack's config, as `index.ts` does. */
export const planOf = (raw: RawConfig): LabPlan => planLab(parseConfig(raw));

/** The plan of a config, or the error that it gives. */
export function planned(raw: RawConfig): LabPlan | ConfigError {
  try {
    return planOf(raw);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

/** The error that a config gives; undefined if it can be used. */
export function errorOf(raw: RawConfig): ConfigError | undefined {
  const plan = planned(raw);
  return plan instanceof ConfigError ? plan : undefined;
}

/** The config with some of its checked values replaced. */
export const changed = (config: LabConfig, values: Partial<LabConfig>): LabConfig => ({
  ...config,
  ...values,
});

/** The problems that a check throws; empty if it throws none. */
export async function problemsOf(check: () => unknown): Promise<readonly Problem[]> {
  try {
    await check();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
