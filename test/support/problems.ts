/** What is wrong with a config, or nothing. Anything but a ConfigError is a bug and passes through. */
import { ConfigError, type LabConfig, type Problem, parseConfig } from "../../components/config";
import { type LabPlan, planLab } from "../../components/plan";

export type RawConfig = Readonly<Record<string, unknown>>;

/** From a stack's config to its plan, as `index.ts` goes. */
export const planOf = (raw: RawConfig): LabPlan => planLab(parseConfig(raw));

export function errorOf(raw: RawConfig): ConfigError | undefined {
  try {
    planOf(raw);
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

/** The config with some of its checked values replaced. */
export const changed = (config: LabConfig, values: Partial<LabConfig>): LabConfig => ({
  ...config,
  ...values,
});

/** What a cloud's own checks find wrong; none when nothing is. */
export async function problemsOf(check: () => unknown): Promise<readonly Problem[]> {
  try {
    await check();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
