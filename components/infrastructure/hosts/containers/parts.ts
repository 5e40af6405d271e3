/** The life of the node containers, as the dynamic provider calls it. */
import * as fs from "node:fs";
import * as path from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Part } from "../../part";
import { placeOf } from "../../place";
import {
  type ContainersOutputs,
  type ContainersSpec,
  type ContainersStatus,
  isAsRecorded,
  outputsOf,
} from "./containers";
import { runContainers } from "./run";

export const place = placeOf("containers", async (folder) => {
  // Without a folder nothing runs: the machines end when theirs is removed.
  if (!fs.existsSync(folder)) return;
  await runContainers(folder, "down");
  fs.rmSync(folder, { recursive: true, force: true });
});

export interface MachinesInputs {
  folder: string;
  spec: ContainersSpec;
}

/** All machines with the network between them: only together can they be brought from one spec to the next. */
export const machines: Part<MachinesInputs, ContainersOutputs> = {
  create: bring,
  changed: async ({ folder, spec }, recorded) => {
    if (folder !== recorded.folder || !isDeepStrictEqual(spec, recorded.spec)) return true;
    // A folder that was removed by hand; or a machine that lost all its processes, by a reboot for one.
    if (!fs.existsSync(path.join(folder, "ports"))) return true;
    return !isAsRecorded(parse(await runContainers(folder, "status")), recorded);
  },
  update: bring,
  remove: async ({ folder }) => {
    if (fs.existsSync(folder)) await runContainers(folder, "down");
  },
};

async function bring({ folder, spec }: MachinesInputs): Promise<ContainersOutputs> {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = path.join(folder, "spec.json");
  fs.writeFileSync(`${file}.new`, `${JSON.stringify(spec, undefined, 2)}\n`);
  fs.renameSync(`${file}.new`, file);
  return outputsOf(parse(await runContainers(folder, "up")));
}

const parse = (text: string): ContainersStatus => JSON.parse(text);
