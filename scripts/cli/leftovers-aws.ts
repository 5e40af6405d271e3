/** Finds what a stack still has on AWS. */
import { type AwsConfig, ConfigError, type ProviderSettings } from "../../components/config";
import type { Leftover } from "../../components/infrastructure/aws";
import { BAD_USAGE, Failure } from "./failure";
import { insideEngine } from "./inline";

/**
 * Lists what carries the stack's tags in its region.
 * @param settings the stack's own keys of the provider (`aws:profile`).
 * @throws {Failure} in one sentence when EC2 cannot be asked: that does not mean that nothing is there.
 */
export async function leftoversOnAws(
  stack: string,
  config: AwsConfig,
  settings: ProviderSettings,
): Promise<(Leftover & { name: string })[]> {
  const { createProvider, findLeftovers, findRegion } =
    require("../../components/infrastructure/aws") as typeof import("../../components/infrastructure/aws");
  try {
    const region = findRegion(config, settings);
    const found = await insideEngine(() => findLeftovers(stack, region, createProvider(region, settings)));
    return found.map((leftover) => ({ ...leftover, name: `${leftover.id} in ${region}` }));
  } catch (error) {
    if (error instanceof ConfigError) throw new Failure(error.message, BAD_USAGE);
    throw error;
  }
}
