/** The dynamic resource for images on a node. */
import { isDeepStrictEqual } from "node:util";
import { shellCommand, stepScript } from "../cluster/steps";
import { execute, type Target } from "../remote";
import type { DynamicProvider } from "../remote/dynamic";
import { type Archive, sha256Of, tarOf } from "./archives";

interface Loading {
  /** The node. */
  name: string;
  /** Identifies the machine. Changes when the machine is replaced. */
  machine: string;
  target: Target;
  archives: Archive[];
}

/** Imports image archives into a node's containerd. An archive that the node already has is not sent again. */
export const images: DynamicProvider<Loading, object> = {
  create: load,
  changed: async ({ machine, archives }, recorded) =>
    !isDeepStrictEqual([machine, archives], [recorded.machine, recorded.archives]),
  update: load,
  // Nothing to do: the machine is deleted, or its reset removes what the lab brought.
  remove: async () => {},
};

/** Time limit of one archive, in milliseconds: a gigabyte over a slow line. */
const IMPORT = 60 * 60_000;

async function load({ name, target, archives }: Loading): Promise<object> {
  const files = new Map<string, string>();
  for (const { file } of archives) files.set(await sha256Of(file), file);
  const sums = [...files.keys()].join("\n");
  const missing = async (imported: string): Promise<string[]> => {
    const script = stepScript("images", { NODE_NAME: name, SUMS: sums, IMPORTED: imported });
    const answer = await execute(target, shellCommand(target.user, "create"), script);
    if (answer.code !== 0) throw new Error(`${name} cannot list its images:\n${answer.stderr.trim()}`);
    return answer.stdout.split("\n").filter((line) => line !== "");
  };
  for (const sum of await missing("")) {
    const file = files.get(sum) as string;
    process.stderr.write(`${name}: importing the images of ${file}\n`);
    const command = `${target.user === "root" ? "" : "sudo -n "}ctr --namespace k8s.io images import -`;
    const { code, stderr } = await execute(target, command, tarOf(file), { limit: IMPORT });
    if (code !== 0) throw new Error(`${name} cannot import the images of ${file}:\n${stderr.trim()}`);
    await missing(sum);
  }
  return {};
}
