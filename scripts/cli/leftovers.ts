/** What a stack still has after a destroy. Asks the cloud, not the state. */
import { parseStackConfig, providerSettings } from "../../components/config";
import { Failure } from "./failure";
import { labConfig } from "./overlay";
import { prepareEngine } from "./setup";
import { baseName } from "./stack-file";

/** A resource that was made for the stack and is still there. */
export interface Leftover {
  kind: string;
  id: string;
  name?: string;
}

/**
 * Finds everything with the stack's tags on its cloud.
 * @returns no cloud for a stack that is not on one which could keep anything.
 * @throws {Failure} when the cloud cannot be asked.
 */
export async function findLeftovers(stack: string): Promise<{ cloud?: string; found: Leftover[] }> {
  const { config: file } = labConfig(stack);
  const { cloud, aws = {}, openstack = {} } = parseStackConfig(file);
  const name = baseName(stack);
  if (cloud === "aws") {
    await prepareEngine();
    const { leftoversOnAws } = require("./leftovers-aws") as typeof import("./leftovers-aws");
    return { cloud, found: await leftoversOnAws(name, aws, providerSettings(file, "aws")) };
  }
  if (cloud !== "openstack") return { found: [] };
  const { leftoversOnOpenStack } =
    require("../../components/infrastructure/openstack/leftovers") as typeof import("../../components/infrastructure/openstack/leftovers");
  const found = await leftoversOnOpenStack(name, openstack).catch((error: Error) => {
    throw new Failure(error.message, 1);
  });
  return { cloud, found };
}
