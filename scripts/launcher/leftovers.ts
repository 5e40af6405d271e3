/** What of a stack is still there after a destroy, asked of the cloud and not of the state. */
import { parseStackConfig, providerSettings } from "../../components/config";
import { Failure } from "./failure";
import { baseName, readStackFile } from "./stack-file";

/** A thing that was made for the stack. */
interface Leftover {
  kind: string;
  id: string;
  name: string;
}

/** Lists what carries the stack's tags. Exit code 1 when anything does. */
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
        require("./leftovers-openstack") as typeof import("./leftovers-openstack");
      found = await leftoversOnOpenStack(name, openstack).catch((error: Error) => {
        throw new Failure(error.message, 1);
      });
      break;
    }
    default:
      console.log(`${stack} is not on a cloud that keeps tags: nothing of it can be left on one.`);
      return 0;
  }
  if (found.length === 0) {
    console.log(`Nothing of ${stack} is left on ${cloud}.`);
    return 0;
  }
  console.log(`Of ${stack} there is still on ${cloud}:`);
  const width = Math.max(...found.map(({ kind }) => kind.length));
  for (const { kind, id, name: called } of found) {
    const shown = called.includes(id) ? called : `${id}  ${called}`;
    console.log(`  ${kind.padEnd(width)}  ${shown}`);
  }
  return 1;
}
