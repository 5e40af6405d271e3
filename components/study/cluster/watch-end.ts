/** How a watch of a cluster ends: by the command that began it, or by an observation, whose packets must not meet its own. */
import type { ClusterApi, KubernetesObject } from "./api";
import { APPS, CONTAINER, NAMESPACE, STUDY_NAMESPACE } from "./manifest";
import type { Place, Pod } from "./places";
import { END, END_COMMAND } from "./watch-commands";

/** On the study's namespace, while a watch runs: when it began. */
const WATCHED = "encaplab/watched";

/** The study's namespace while a watch runs. To apply it without this mark takes the mark away. */
export const marked = (since: Date): KubernetesObject => ({
  ...STUDY_NAMESPACE,
  metadata: { ...STUDY_NAMESPACE.metadata, annotations: { [WATCHED]: since.toISOString() } },
});

/** Whether a watch has begun, and has not taken its mark away. */
export const isWatched = ({ metadata }: KubernetesObject): boolean =>
  metadata.annotations?.[WATCHED] !== undefined;

type Where = Pick<Place, "namespace" | "pod" | "container">;

/** Ends what watches, first in the pods: their last packets must be seen on the nodes. */
export async function endWatch(
  api: Pick<ClusterApi, "run">,
  pods: readonly Where[],
  nodes: readonly Where[],
): Promise<void> {
  for (const places of [pods, nodes])
    await Promise.all(places.map((place) => api.run(place, ["sh", "-c", END_COMMAND], END + 2)));
}

/** Ends a watch of whatever command, in all of the study's pods. */
export async function endAnyWatch(api: Pick<ClusterApi, "run" | "list">): Promise<void> {
  const all = await api.list<Pod>("v1", "Pod", { namespace: NAMESPACE });
  const placesOf = (isNode: boolean) =>
    all
      .filter(
        ({ metadata, status }) =>
          status?.phase === "Running" && (metadata.labels?.app === APPS.node) === isNode,
      )
      .map(({ metadata }) => ({ namespace: NAMESPACE, pod: metadata.name, container: CONTAINER }));
  await endWatch(api, placesOf(false), placesOf(true));
}
