/** The life of each part of the twin, as the dynamic provider calls it. */
import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Part } from "../part";
import { placeOf } from "../place";
import {
  buildNetwork,
  buildNode,
  changeNetwork,
  changeNode,
  changeSecurity,
  digest,
  removeNode,
  signed,
  unsigned,
} from "./apply";
import { type Census, takeCensus } from "./census";
import { FABRIC, INTERNET_HOST, ROUTER } from "./names";
import type { NetworkState } from "./network";
import type { NodeState } from "./nodes";
import { findRealm, RealmError, type RealmKind, realmEnded, runScript, startRealm, stopRealm } from "./realm";
import type { SecurityState } from "./security";

/** The lab's place. One call ends the realm, and with it all namespaces and processes in it. */
export const place = placeOf("twins", stopRealm);

export interface RealmInputs {
  folder: string;
  kind: RealmKind;
}

/** The realm. A new one has a new `boot`, which makes all that lives in it be built anew. */
export const realm: Part<RealmInputs, { boot: string }> = {
  create: start,
  changed: async ({ folder, kind }, recorded) => {
    const found = findRealm(recorded.folder);
    return folder !== recorded.folder || found?.kind !== kind || found.bootId !== recorded.boot;
  },
  update: start,
  remove: async ({ folder }) => stopRealm(folder),
};

async function start({ folder, kind }: RealmInputs): Promise<{ boot: string }> {
  // The engine shows what a provider's process writes to its standard error while it runs.
  const progress = (line: string) => process.stderr.write(`${line}\n`);
  return { boot: (await startRealm(folder, kind, progress)).bootId };
}

/** What every part inside the realm is told. `on` changes when what the part stands on was built anew. */
interface Inside<State> {
  folder: string;
  on: string;
  state: State;
}

/** `revision` changes with every change of the part; `foundation` only when it was built anew. */
interface Applied {
  revision: string;
  foundation: string;
}

interface Script<State> {
  /** Unique among the parts of a lab; also the signature's name. */
  name(state: State): string;
  build(state: State): string;
  change(old: State, state: State): string;
  remove?(state: State): string;
  /** Whether a changed state can be reached without building anew. */
  inPlace(old: State, state: State): boolean;
  /** Whether what the signature promises is still there. */
  intact(state: State, census: Census): boolean;
}

function partInside<State>(script: Script<State>): Part<Inside<State>, Applied> {
  const intact = (recorded: Inside<State>, census: Census) =>
    census.signatures.get(script.name(recorded.state)) === digest(recorded.state) &&
    script.intact(recorded.state, census);
  const bring = async (inputs: Inside<State>, recorded?: Inside<State> & Applied): Promise<Applied> => {
    const { state } = inputs;
    const census = await takeCensus(inputs.folder);
    if (!census) throw realmEnded(inputs.folder);
    const run = (body: string) => runScript(census.realm, signed(script.name(state), state, body));
    const revision = randomUUID();
    if (
      recorded &&
      recorded.on === inputs.on &&
      intact(recorded, census) &&
      script.inPlace(recorded.state, state)
    ) {
      try {
        await run(script.change(recorded.state, state));
        return { revision, foundation: recorded.foundation };
      } catch (error) {
        // Somebody has typed something inside, and what should change is not as it was left: built anew below.
        if (!(error instanceof RealmError) || error.exitCode === undefined) throw error;
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
      const census = await takeCensus(recorded.folder);
      return !census || !intact(recorded, census);
    },
    remove: async ({ folder, state }) => {
      const living = findRealm(folder);
      if (living && script.remove)
        await runScript(living, unsigned(script.name(state), script.remove(state)));
    },
  };
}

export const network = partInside<NetworkState>({
  name: () => "network",
  build: buildNetwork,
  change: changeNetwork,
  inPlace: (old, state) => old.build === state.build,
  intact: (_state, { namespaces }) => [FABRIC, ROUTER, INTERNET_HOST].every((name) => namespaces.has(name)),
});

export const security = partInside<SecurityState>({
  name: () => "security",
  build: (state) => changeSecurity(undefined, state),
  change: changeSecurity,
  inPlace: () => true,
  intact: () => true,
});

export const node = partInside<NodeState>({
  name: (state) => `node-${state.name}`,
  build: buildNode,
  change: changeNode,
  remove: removeNode,
  inPlace: (old, state) => old.build === state.build && old.name === state.name,
  intact: (state, { namespaces, birds }) =>
    [state.name, ...state.pods.map(({ name }) => name)].every((name) => namespaces.has(name)) &&
    (state.bird !== "") === birds.has(state.name),
});
