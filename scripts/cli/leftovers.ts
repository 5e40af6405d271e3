/** Lists what a stack still has after a destroy. Asks the cloud, not the state. */
import { parseStackConfig, providerSettings } from "../../components/config";
import { Failure } from "./failure";
import { baseName, readStackFile } from "./stack-file";

/** A resource that was made for the stack and is still there. */
interface Leftover {
  kind: string;
  id: string;
  name: string;
}

/** Lists everything with the stack's tags. Exit code 1 if there is anything. */
export async function showLeftovers(stack: string): Promise<number> {
  const { config: file } = readStackFile(stack);
  const { cloud, aws = {}, openstack = {} } = parseStackConfig(file);
  const name = baseName(stack);
  let found: Leftover[];
  switch (cloud) {
    case "aws": {
      const { leftoversOnAws } = require("./leftovers-aws") as typeof import("./leftovers-aws");
      found = await leftoversOnAws(name, aws, providerSettings(file, "aws"));
      break;
    }
    case "openstack": {
      const { leftoversOnOpenStack } =
        require("../../components/infrastructure/openstack/leftovers") as typeof import("../../components/infrastructure/openstack/leftovers");
      found = await leftoversOnOpenStack(name, openstack).catch((error: Error) => {
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
  for (const { kind, id, name: called } of found) {
    const shown = called.includes(id) ? called : `${id}  ${called}`;
    console.log(`  ${kind.padEnd(width)}  ${shown}`);
  }
  return 1;
}
