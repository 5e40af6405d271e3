/** Dynamic providers of the twin. */
import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { DynamicProvider } from "../../remote/dynamic";
import type { SecurityState } from "../fabric";
import { labFolder } from "../lab-folder";
import {
  buildNetwork,
  buildNode,
  changeNetwork,
  changeSecurity,
  digest,
  lookAtNetwork,
  lookAtNode,
  lookAtSecurity,
  nodePart,
  removeNode,
  signed,
  unsigned,
} from "./apply";
import { changeNode } from "./change-node";
import { unfold } from "./fold";
import { buildLink, changeLink, LINK_PART, lookAtLink, removeLink } from "./ipsec";
import type { LinkState } from "./ipsec-config";
import type { NetworkState } from "./network";
import type { NodeState } from "./nodes";
import { type Packed, pack, unpack } from "./pack";
import {
  canPlay,
  findSandbox,
  runScript,
  SandboxError,
  type SandboxKind,
  sandboxEnded,
  startSandbox,
  stopSandbox,
} from "./sandbox";
import { partChanges, takeSnapshot } from "./snapshot";

/** The lab folder. Its removal ends the sandbox, with all namespaces and processes in it. */
export const twinFolder = labFolder("twins", stopSandbox);

/** Where the sandbox lives, and of which kind it is. */
export interface SandboxInputs {
  folder: string;
  kind: SandboxKind;
}

/**
 * The sandbox. A new one has a new `boot`, so that everything in it is rebuilt. One that runs stays as long as it can
 * play the lab: a machine also plays what needs none.
 */
export const sandbox: DynamicProvider<SandboxInputs, { boot: string }> = {
  create: start,
  changed: async ({ folder, kind }, recorded) => {
    const found = findSandbox(recorded.folder);
    return folder !== recorded.folder || found?.bootId !== recorded.boot || !canPlay(found.kind, kind);
  },
  update: start,
  remove: async ({ folder }) => stopSandbox(folder),
};

async function start({ folder, kind }: SandboxInputs): Promise<{ boot: string }> {
  // The engine shows the standard error of a provider process while that runs.
  const progress = (line: string) => process.stderr.write(`${line}\n`);
  return { boot: (await startSandbox(folder, kind, progress)).bootId };
}

/** Inputs of every resource inside the sandbox: its state, folded. `on` changes when what it stands on was rebuilt. */
interface Inside<State> {
  folder: string;
  on: string;
  state: State | Packed;
}

/** `revision` changes with every change of the resource; `foundation` only when it was rebuilt. */
interface Applied {
  revision: string;
  foundation: string;
  /** The state of the inputs. */
  state: Packed;
}

interface Script<State> {
  /** Unique among the resources of a lab; also the signature's name. */
  name(state: State): string;
  build(state: State): string;
  change(old: State, state: State): string;
  remove?(state: State): string;
  /** Whether a changed state can be reached without a rebuild. */
  inPlace(old: State, state: State): boolean;
  /** Bash that prints what the resource has in the sandbox. */
  look(state: State): string[];
}

function resourceInside<State extends object>(
  script: Script<State>,
): DynamicProvider<Inside<State>, Applied> {
  const stateOf = ({ state }: Pick<Inside<State>, "state">): State => unfold(unpack(state));
  const bring = async (inputs: Inside<State>, recorded?: Inside<State> & Applied): Promise<Applied> => {
    const state = stateOf(inputs);
    const living = findSandbox(inputs.folder);
    if (!living) throw sandboxEnded(inputs.folder);
    const name = script.name(state);
    const run = (body: string, from?: State) => {
      partChanges(living, name);
      return runScript(living, signed(name, state, body, { look: script.look(state), from }));
    };
    const now = { revision: randomUUID(), state: pack(unpack(inputs.state)) };
    const old = recorded && stateOf(recorded);
    if (old && recorded.on === inputs.on && script.inPlace(old, state)) {
      try {
        await run(script.change(old, state), old);
        return { ...now, foundation: recorded.foundation };
      } catch (error) {
        // It was interrupted, or the user has changed it by hand: rebuild it below.
        if (!(error instanceof SandboxError) || error.exitCode === undefined) throw error;
      }
    }
    await run(script.build(state));
    return { ...now, foundation: now.revision };
  };
  return {
    create: (inputs) => bring(inputs),
    update: bring,
    changed: async (inputs, recorded) => {
      const state = stateOf(recorded);
      if (inputs.on !== recorded.on || !isDeepStrictEqual(stateOf(inputs), state)) return true;
      const name = script.name(state);
      const snapshot = await takeSnapshot(recorded.folder, name);
      return snapshot?.signatures.get(name) !== digest(state) || snapshot.altered.has(name);
    },
    remove: async (recorded) => {
      const living = findSandbox(recorded.folder);
      const state = stateOf(recorded);
      if (living && script.remove)
        await runScript(living, unsigned(script.name(state), script.remove(state)));
    },
  };
}

/** The bridges, the gateway and the internet. */
export const network = resourceInside<NetworkState>({
  name: () => "network",
  look: lookAtNetwork,
  build: buildNetwork,
  change: changeNetwork,
  inPlace: (old, state) => old.build === state.build,
});

/** The fabric's rules. */
export const security = resourceInside<SecurityState>({
  name: () => "security",
  look: lookAtSecurity,
  build: (state) => changeSecurity(undefined, state),
  change: changeSecurity,
  inPlace: () => true,
});

/** The tunnel between two sites. */
export const link = resourceInside<LinkState>({
  name: () => LINK_PART,
  look: lookAtLink,
  build: buildLink,
  change: changeLink,
  remove: removeLink,
  inPlace: () => true,
});

/** One node, with its pods and its port. */
export const node = resourceInside<NodeState>({
  name: (state) => nodePart(state.name),
  look: lookAtNode,
  build: buildNode,
  change: changeNode,
  remove: removeNode,
  inPlace: (old, state) => old.build === state.build && old.name === state.name,
});
