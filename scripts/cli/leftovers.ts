/** What a stack still has after a destroy. Asks the cloud, not the state. */
import { providerSettings } from "../../components/config";
import type { Leftover } from "../../components/infrastructure";
import { Failure } from "./failure";
import { configOf } from "./lab-plan";
import { labConfig } from "./overlay";
import { prepareEngine } from "./setup";
import { baseName } from "./stack-file";

/**
 * Finds everything with the stack's tags on its cloud.
 * @returns no cloud for a stack that is not on one which could keep anything.
 * @throws {Failure} when the cloud cannot be asked.
 */
export async function findLeftovers(stack: string): Promise<{ cloud?: string; found: Leftover[] }> {
  const { config: file, file: from } = labConfig(stack);
  const config = configOf(from, file);
  const { cloud } = config;
  const name = baseName(stack);
  if (cloud === "aws") {
    await prepareEngine();
    const { leftoversOnAws } = require("./leftovers-aws") as typeof import("./leftovers-aws");
    return { cloud, found: await leftoversOnAws(name, config, providerSettings(file, "aws")) };
  }
  if (cloud !== "openstack") return { found: [] };
  const openstack =
    require("../../components/infrastructure/openstack") as typeof import("../../components/infrastructure/openstack");
  const settings = providerSettings(file, "openstack");
  const found = await openstack.findLeftovers(name, config, settings).catch((error: Error) => {
    throw new Failure(error.message, 1);
  });
  return { cloud, found };
}
