/** Lists what a stack still has after a destroy. Asks the cloud, not the state. */
import { parseStackConfig, providerSettings } from "../../components/config";
import type { Leftover } from "../../components/infrastructure";
import { Failure } from "./failure";
import { baseName, readStackFile } from "./stack-file";

/** Lists everything with the stack's tags. Exit code 1 if there is anything. */
export async function showLeftovers(stack: string): Promise<number> {
  const { config: file } = readStackFile(stack);
  const config = parseStackConfig(file);
  const { cloud } = config;
  const name = baseName(stack);
  let found: Leftover[];
  switch (cloud) {
    case "aws": {
      const { leftoversOnAws } = require("./leftovers-aws") as typeof import("./leftovers-aws");
      found = await leftoversOnAws(name, config, providerSettings(file, "aws"));
      break;
    }
    case "openstack": {
      const { findLeftovers } =
        require("../../components/infrastructure/openstack") as typeof import("../../components/infrastructure/openstack");
      const settings = providerSettings(file, "openstack");
      found = await findLeftovers(name, config, settings).catch((error: Error) => {
        throw new Failure(error.message, 1);
      });
      break;
    }
    default:
      console.log(`${stack} is not on AWS or OpenStack, so nothing of it can be left there.`);
      return 0;
  }
  if (found.length === 0) {
    console.log(`Nothing of ${stack} is left on ${cloud}.`);
    return 0;
  }
  console.log(`${stack} still has on ${cloud}:`);
  const width = Math.max(...found.map(({ kind }) => kind.length));
  for (const { kind, id, name: called = id } of found) {
    const shown = called.includes(id) ? called : `${id}  ${called}`;
    console.log(`  ${kind.padEnd(width)}  ${shown}`);
  }
  return 1;
}
