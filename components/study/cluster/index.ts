/** Public API of the study in a real cluster. */
import { ClusterApi, ClusterError } from "./api";
import { clusterFollower } from "./follower";
import { NAMESPACE } from "./manifest";
import { type ClusterProberArgs, clusterProber } from "./prober";
import { removeStudy } from "./start";
import { type ClusterWatcherArgs, clusterWatcher } from "./watcher";

export { type ClusterObjects, readObjects, rightsNeeded } from "./objects";
export {
  ClusterError,
  type ClusterProberArgs,
  type ClusterWatcherArgs,
  clusterFollower,
  clusterProber,
  clusterWatcher,
  NAMESPACE,
};

/** Removes the study's pods, Services and namespace from a cluster. @returns whether there was anything. */
export const cleanUp = async (kubeconfig: string): Promise<boolean> =>
  removeStudy(await ClusterApi.connect(kubeconfig));
