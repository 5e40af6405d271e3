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
  type FolderSpec,
  hasOwn,
  isAsRecorded,
  outputsOf,
  withLeaving,
  withOwn,
  withoutLeaving,
  withoutOwn,
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
  // No node has a resource of its own yet: whatever the folder has besides, an interrupted attempt left there.
  create: ({ folder, spec }) => bring(folder, withLeaving(spec, undefined)),
  changed: async ({ folder, spec }, recorded) => {
    if (folder !== recorded.folder || !isDeepStrictEqual(spec, recorded.spec)) return true;
    const there = readSpec(folder);
    // A folder that was removed by hand; or an update that was killed, and then taken back in the config.
    if (!there || !isDeepStrictEqual(withLeaving(spec, there), there)) return true;
    if (!fs.existsSync(path.join(folder, "ports"))) return true;
    // A machine that lost all its processes, by a reboot for one.
    return !isAsRecorded(withoutLeaving(parse(await runContainers(folder, "status")), there), recorded);
  },
  update: ({ folder, spec }) => bring(folder, withLeaving(spec, readSpec(folder))),
  remove: async ({ folder }) => {
    if (fs.existsSync(folder)) await runContainers(folder, "down");
  },
};

async function bring(folder: string, spec: FolderSpec): Promise<ContainersOutputs> {
  writeSpec(folder, spec);
  return outputsOf(withoutLeaving(parse(await runContainers(folder, "up")), spec));
}

/** Which machine a node's resource removes. */
export interface NodeInputs {
  folder: string;
  name: string;
}

/**
 * The end of one machine. All machines are made and changed together, which happens before the engine deletes anything. A
 * removal at that moment would come before the node's drain, so it is this resource's: the drain depends on it, and is run
 * first. The mark in the file says that this resource is in the state. An engine that is killed after the mark and before
 * its record, with the node taken out of the config next, leaves a machine that runs until the lab ends.
 */
export const node: Part<NodeInputs, object> = {
  create: mark,
  changed: async ({ folder, name }, recorded) => {
    if (folder !== recorded.folder || name !== recorded.name) return true;
    const spec = readSpec(folder);
    // The file was made anew, so its mark is missing.
    return spec !== undefined && !hasOwn(spec, name);
  },
  update: mark,
  async remove({ folder, name }) {
    const spec = readSpec(folder);
    // All machines are gone already.
    if (!spec) return;
    const next = withoutOwn(spec, name);
    writeSpec(folder, next);
    // Also when the file no longer has the node: an earlier removal may have been killed halfway.
    if (!next.nodes.some((one) => one.name === name)) await inTurn(() => runContainers(folder, "up"));
  },
};

let last: Promise<unknown> = Promise.resolve();

/** Several nodes may be removed at the same time. Without a queue each run would wait for the other one, and report it. */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const turn = last.then(work, work);
  last = turn;
  return turn;
}

async function mark({ folder, name }: NodeInputs): Promise<object> {
  const spec = readSpec(folder);
  if (spec) writeSpec(folder, withOwn(spec, name));
  return {};
}

/** Reading, changing and writing happen without a pause, so that two nodes do not undo each other's change. */
function readSpec(folder: string): FolderSpec | undefined {
  const file = path.join(folder, "spec.json");
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")) : undefined;
}

function writeSpec(folder: string, spec: FolderSpec): void {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = path.join(folder, "spec.json");
  fs.writeFileSync(`${file}.new`, `${JSON.stringify(spec, undefined, 2)}\n`);
  fs.renameSync(`${file}.new`, file);
}

const parse = (text: string): ContainersStatus => JSON.parse(text);
