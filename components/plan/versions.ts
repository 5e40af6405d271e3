/** Which Calico goes with which Kubernetes, as data. */

interface CalicoRelease {
  /** Newest patch release of the minor known to this table. */
  patch: string;
  /** Kubernetes minors that this Calico is tested against (docs: getting-started/kubernetes/requirements, per version). */
  kubernetes: readonly string[];
}

/**
 * Calico up to 3.32: from 3.33 on Felix, not BIRD, programs the routes of IPIP, and what the verdict says of TCP 179
 * would no longer be true.
 */
export const CALICO_RELEASES: Readonly<Record<string, CalicoRelease>> = {
  "3.30": { patch: "3.30.7", kubernetes: ["1.31", "1.32", "1.33", "1.34", "1.35"] },
  "3.31": { patch: "3.31.7", kubernetes: ["1.32", "1.33", "1.34", "1.35"] },
  "3.32": { patch: "3.32.1", kubernetes: ["1.34", "1.35", "1.36"] },
};

/** Since Calico 3.32 one may say who programs the routes of IPIP and None: BIRD, the default, or Felix. */
export const MINOR_WITH_ROUTING_CHOICE = 32;

/** Newest patch release of each Kubernetes minor known to this table. */
export const KUBERNETES_PATCHES: Readonly<Record<string, string>> = {
  "1.31": "1.31.14",
  "1.32": "1.32.13",
  "1.33": "1.33.12",
  "1.34": "1.34.10",
  "1.35": "1.35.7",
  "1.36": "1.36.3",
};

export interface Versions {
  /** Whole versions without a leading `v`, e.g. `1.35.7`. */
  kubernetes: string;
  calico: string;
}

export const minorOf = (version: string): string =>
  version.replace(/^v/, "").split(".").slice(0, 2).join(".");

/** A minor alone means the newest patch release known here; an unknown minor stays as it was written. */
function complete(version: string, patches: (minor: string) => string | undefined): string {
  const bare = version.replace(/^v/, "");
  return bare.split(".").length === 3 ? bare : (patches(bare) ?? bare);
}

export function planVersions(kubernetes: string, calico: string): Versions {
  return {
    kubernetes: complete(kubernetes, (minor) => KUBERNETES_PATCHES[minor]),
    calico: complete(calico, (minor) => CALICO_RELEASES[minor]?.patch),
  };
}
