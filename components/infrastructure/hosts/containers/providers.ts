/** Dynamic providers of the node containers. */
import * as fs from "node:fs";
import * as path from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { DynamicProvider } from "../../../remote/dynamic";
import { labFolder } from "../../lab-folder";
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

/** The lab folder. Its removal ends all machines. */
export const containersFolder = labFolder("containers", async (folder) => {
  // Without the folder nothing runs: machines end when their folder is removed.
  if (!fs.existsSync(folder)) return;
  await runContainers(folder, "down");
  fs.rmSync(folder, { recursive: true, force: true });
});

/** What all machines are made from. */
export interface MachinesInputs {
  folder: string;
  spec: ContainersSpec;
}

/** All machines and the network between them. Only together can they change from one spec to the next. */
export const nodeContainers: DynamicProvider<MachinesInputs, ContainersOutputs> = {
  // No node has its own resource yet: anything else in the folder was left by an interrupted attempt.
  create: ({ folder, spec }) => bring(folder, withLeaving(spec, undefined)),
  changed: async ({ folder, spec }, recorded) => {
    if (folder !== recorded.folder || !isDeepStrictEqual(spec, recorded.spec)) return true;
    const there = readSpec(folder);
    // The folder was removed by hand, or an update was killed and then reverted in the config.
    if (!there || !isDeepStrictEqual(withLeaving(spec, there), there)) return true;
    if (!fs.existsSync(path.join(folder, "ports"))) return true;
    // A machine may have lost all its processes, for example by a reboot.
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
 * Removes one machine. All machines are changed together, before the engine deletes anything. A removal at that moment
 * would come before the node's drain, so this resource removes the machine: the drain depends on it, and therefore runs
 * first. The mark in the file says that this resource is in the state. If the engine is killed after the mark but
 * before it records the resource, and the node is then taken out of the config, its machine runs until the lab ends.
 */
export const containerNode: DynamicProvider<NodeInputs, object> = {
  create: mark,
  changed: async ({ folder, name }, recorded) => {
    if (folder !== recorded.folder || name !== recorded.name) return true;
    const spec = readSpec(folder);
    // The file was written anew, so the mark is missing.
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

/**
 * A queue, because several nodes may be removed at the same time. Without it, each run would wait for another one, and
 * report that.
 */
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

/** Read, change and write without an await in between, or two nodes would undo each other's change. */
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
