/** Dynamic providers of the twin. */
import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { DynamicProvider } from "../../remote/dynamic";
import { labFolder } from "../lab-folder";
import {
  buildNetwork,
  buildNode,
  changeNetwork,
  changeNode,
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
import { FABRIC, INTERNET_HOST, ROUTER } from "./names";
import type { NetworkState } from "./network";
import type { NodeState } from "./nodes";
import { type ProcessSnapshot, takeSnapshot } from "./process-snapshot";
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
import type { SecurityState } from "./security";

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

/** Inputs of every resource inside the sandbox. `on` changes when what the resource stands on was rebuilt. */
interface Inside<State> {
  folder: string;
  on: string;
  state: State;
}

/** `revision` changes with every change of the resource; `foundation` only when it was rebuilt. */
interface Applied {
  revision: string;
  foundation: string;
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
  /** Whether what the signature stands for still exists. */
  intact(state: State, snapshot: ProcessSnapshot): boolean;
}

function resourceInside<State>(script: Script<State>): DynamicProvider<Inside<State>, Applied> {
  const intact = (recorded: Inside<State>, snapshot: ProcessSnapshot) =>
    snapshot.signatures.get(script.name(recorded.state)) === digest(recorded.state) &&
    !snapshot.altered.has(script.name(recorded.state)) &&
    script.intact(recorded.state, snapshot);
  const bring = async (inputs: Inside<State>, recorded?: Inside<State> & Applied): Promise<Applied> => {
    const { state } = inputs;
    const snapshot = await takeSnapshot(inputs.folder);
    if (!snapshot) throw sandboxEnded(inputs.folder);
    const run = (body: string) =>
      runScript(snapshot.sandbox, signed(script.name(state), state, body, script.look(state)));
    const revision = randomUUID();
    if (
      recorded &&
      recorded.on === inputs.on &&
      intact(recorded, snapshot) &&
      script.inPlace(recorded.state, state)
    ) {
      try {
        await run(script.change(recorded.state, state));
        return { revision, foundation: recorded.foundation };
      } catch (error) {
        // The user has changed it by hand, so the change cannot be applied: rebuild it below.
        if (!(error instanceof SandboxError) || error.exitCode === undefined) throw error;
      }
    }
    await run(script.build(state));
    return { revision, foundation: revision };
  };
  return {
    create: (inputs) => bring(inputs),
    update: bring,
    changed: async (inputs, recorded) => {
      if (inputs.on !== recorded.on || !isDeepStrictEqual(inputs.state, recorded.state)) return true;
      const snapshot = await takeSnapshot(recorded.folder);
      return !snapshot || !intact(recorded, snapshot);
    },
    remove: async ({ folder, state }) => {
      const living = findSandbox(folder);
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
  intact: (_state, { namespaces }) => [FABRIC, ROUTER, INTERNET_HOST].every((name) => namespaces.has(name)),
});

/** The fabric's rules. */
export const security = resourceInside<SecurityState>({
  name: () => "security",
  look: lookAtSecurity,
  build: (state) => changeSecurity(undefined, state),
  change: changeSecurity,
  inPlace: () => true,
  intact: () => true,
});

/** One node, with its pods and its port. */
export const node = resourceInside<NodeState>({
  name: (state) => nodePart(state.name),
  look: lookAtNode,
  build: buildNode,
  change: changeNode,
  remove: removeNode,
  inPlace: (old, state) => old.build === state.build && old.name === state.name,
  intact: (state, { namespaces, birds }) =>
    [state.name, ...state.pods.map(({ name }) => name)].every((name) => namespaces.has(name)) &&
    (state.bird !== "") === birds.has(state.name),
});
