/** The watcher of a real cluster. */
import { setTimeout as delay } from "node:timers/promises";
import { type LabPlan, SERVICE_PORTS } from "../../plan";
import { type Flow, flowsBetween, nodesOf, seenIn, type Watched, watchedRows } from "../watch";
import type { Watcher } from "../watcher";
import { ClusterApi, ClusterError } from "./api";
import { STUDY_NAMESPACE } from "./manifest";
import type { Place, Places } from "./places";
import type { ClusterProberArgs } from "./prober";
import { clusterSample, exampleOf } from "./sample";
import { awaitSigns } from "./signs";
import { isStudied, removeStudy, type Study, startStudy } from "./start";
import { countedIn, END, LIMIT, MARK, nodeScript, podScript, STARTED } from "./watch-commands";
import { endWatch, marked } from "./watch-end";

/** How a cluster is watched. */
export interface ClusterWatcherArgs extends Pick<ClusterProberArgs, "kubeconfig" | "image" | "say"> {
  /** Whether the study's pods stay although they were not there before: an observation wants them. Default: false. */
  keep?: boolean;
}

/** Seconds until everything must have begun. */
const BEGIN = 8;

/**
 * Watches a cluster through its API: pings from the study's pods, which it starts if there are none, and tcpdump and
 * `ip monitor` on their nodes. A change and a loss on two machines stand in the order of these machines' clocks.
 */
export const clusterWatcher = (args: ClusterWatcherArgs): Watcher => ({
  async begin(plan) {
    const { kubeconfig, image, keep = false, say = () => {} } = args;
    // Neither a cluster that does not answer nor an image that is missing keeps the user from the switch.
    const give = (error: unknown): undefined => {
      const why = ((error as Error).message ?? "").split("\n")[0];
      say(`The switch is not watched: ${error instanceof ClusterError ? why : `the API says ${why}`}`);
    };
    let tidy = async () => {};
    try {
      const api = await ClusterApi.connect(kubeconfig);
      const stays = (await isStudied(api)) || keep;
      tidy = async () => {
        if (stays) await api.apply(STUDY_NAMESPACE); // without the mark
        if (!stays) await removeStudy(api);
      };
      const running = await startAll(api, await startStudy(api, plan, image, say));
      return { end: once(() => endAll(api, running, tidy).catch(give)) };
    } catch (error) {
      await tidy().catch(() => {});
      return give(error);
    }
  },
});

/** One pair of the study's pods for each path, in both directions. */
function flowsIn(real: LabPlan, { ready }: Places): Flow[] {
  const { pairs } = clusterSample(real, false);
  const examples = watchedRows(real).flatMap(({ key }) => exampleOf(pairs, key, real) ?? []);
  return flowsBetween(examples).filter(({ from, to }) => ready.has(from) && ready.has(to));
}

/** A script that runs in a place. */
interface Script {
  place: Place;
  ended: Promise<unknown>;
  printed: string;
}

/** Everything that watches. */
interface Running {
  flows: readonly Flow[];
  nodeOf: (pod: string) => string;
  pods: Script[];
  nodes: Script[];
}

/** @throws {ClusterError} when no path can be watched. */
async function startAll(api: ClusterApi, { real, places }: Study): Promise<Running> {
  const { ready } = places;
  const nodeOf = (pod: string) =>
    real.nodes.find(({ pods }) => pods.some(({ name }) => name === pod))?.name ?? "";
  const flows = flowsIn(real, places).filter(({ from, to }) =>
    [from, to].every((pod) => ready.has(nodeOf(pod))),
  );
  if (flows.length === 0)
    throw new ClusterError("no two of the study's pods run on nodes whose path could be watched.");
  const there = (names: readonly string[]) => names.flatMap((name) => ready.get(name) ?? []);
  const pods = there([...new Set(flows.map(({ from }) => from))]);
  const nodes = there(nodesOf(real, flows));
  await api.apply(marked(new Date()));
  // The nodes first: what is sent before they look would count as lost.
  const onNodes = await startEach(api, nodes, ({ name }) => {
    const own = pods.filter((pod) => nodeOf(pod.name) === name);
    return { script: nodeScript(own.map(({ address }) => address)), signs: own.length };
  });
  const inPods = await startEach(api, pods, ({ name }) => {
    const own = flows.filter(({ from }) => from === name);
    return { script: podScript(own, SERVICE_PORTS.tcp.target), signs: 1 };
  });
  return { flows, nodeOf, pods: inPods, nodes: onNodes };
}

/** Starts a script in each place. @returns when all have given so many signs of having begun, or {@link BEGIN} is over. */
async function startEach(
  api: ClusterApi,
  places: readonly Place[],
  scriptOf: (place: Place) => { script: string; signs: number },
): Promise<Script[]> {
  return Promise.all(
    places.map(async (place) => {
      const { script, signs } = scriptOf(place);
      const one: Script = { place, ended: Promise.resolve(), printed: "" };
      const { hear, given } = awaitSigns(STARTED, signs, BEGIN);
      const listen = (chunk: string) => {
        one.printed += chunk;
        hear(chunk);
      };
      const running = api.run(place, ["sh", "-c", script, MARK], LIMIT + END, { hear: listen });
      one.ended = running.then(({ output }) => {
        one.printed = output;
      });
      await Promise.race([given, one.ended]);
      return one;
    }),
  );
}

async function endAll(
  api: ClusterApi,
  { flows, nodeOf, pods, nodes }: Running,
  tidy: () => Promise<unknown>,
): Promise<Watched> {
  const placesOf = (scripts: readonly Script[]) => scripts.map(({ place }) => place);
  await endWatch(api, placesOf(pods), placesOf(nodes));
  const late = delay(END * 1000, undefined, { ref: false });
  await Promise.race([Promise.all([...pods, ...nodes].map(({ ended }) => ended)), late]);
  await tidy();
  const addresses = new Map(pods.map(({ place }) => [place.name, place.address]));
  const printed = (scripts: readonly Script[]) =>
    new Map(scripts.map(({ place, printed }) => [place.name, printed]));
  const addressOf = (pod: string) => addresses.get(pod) ?? "";
  const seen = seenIn(countedIn({ flows, addressOf, nodeOf, pods: printed(pods), nodes: printed(nodes) }));
  if (seen.flows.length > 0) return seen;
  const said = pods.map(({ printed }) => /^(?:ping|sh): .*/m.exec(printed)?.[0]).find((line) => line);
  throw new ClusterError(`no ping was seen${said ? `: ${said}` : ""}.`);
}

/** A function that does its work only the first time. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}
