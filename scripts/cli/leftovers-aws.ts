/** Finds what a stack still has on AWS. */
import { ConfigError, type LabConfig, type ProviderSettings } from "../../components/config";
import type { Leftover } from "../../components/infrastructure";
import { BAD_USAGE, Failure } from "./failure";
import { insideEngine } from "./inline";

/**
 * Lists what carries the stack's tags in its region.
 * @param settings the stack's own keys of the provider (`aws:profile`).
 * @throws {Failure} in one sentence when EC2 cannot be asked: that does not mean that nothing is there.
 */
export async function leftoversOnAws(
  stack: string,
  config: LabConfig,
  settings: ProviderSettings,
): Promise<Leftover[]> {
  const { findLeftovers } =
    require("../../components/infrastructure/aws") as typeof import("../../components/infrastructure/aws");
  try {
    return await insideEngine(() => findLeftovers(stack, config, settings));
  } catch (error) {
    if (error instanceof ConfigError) throw new Failure(error.message, BAD_USAGE);
    throw error;
  }
}
