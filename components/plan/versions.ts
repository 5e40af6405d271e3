/** Which Calico is tested with which Kubernetes, as data. Every row names its source. */

/** Where a row of the tables was read. */
export interface Evidence {
  /** URL of the page or file that was read, or the package URL of a Go module whose list of versions was read. */
  source: string;
  /** ISO date of the release, or of the stored copy that was read. Newer facts may be missing. */
  date: string;
}

/** A Calico minor that the lab knows. `source` and `date` are those of the patch release. */
export interface CalicoRelease extends Evidence {
  /** Newest patch release of the minor whose manifests could be read, without a leading `v`. */
  patch: string;
  /** Kubernetes minors that Calico's requirements page lists as tested, oldest first. */
  kubernetes: readonly string[];
  /** Where that list was read. */
  requirements: Evidence;
  /** SHA-256 of the manifests of the patch release, by file: what runs as root on every node is never taken on trust. */
  manifests: Manifests;
}

/** Checksums of Calico's manifests, in hex, and the commit of the tag in which they were read (folder `manifests`). */
export interface Manifests extends Record<"calico.yaml" | "calico-typha.yaml", string> {
  commit: string;
}

/** A Kubernetes minor that the lab knows. `source` and `date` are those of the patch release. */
export interface KubernetesRelease extends Evidence {
  /** Newest patch release of the minor that was found, without a leading `v`. */
  patch: string;
}

/** ISO date of the last check of both tables against their sources. */
export const TABLE_DATE = "2026-11-25";

/** Whole months after which {@link tableNote} says that the tables are old. */
const OLD_AFTER_MONTHS = 6;

/** The file from which Calico publishes the requirements page of a minor. The date is that of the stored copy. */
const requirementsOf = (minor: string): Evidence => ({
  source: `https://github.com/tigera/docs/blob/f2a2762432b54f20274d42c67bfa828d82872498/calico_versioned_docs/version-${minor}/_includes/partials/_system-requirements.mdx`,
  date: "2026-08-21",
});

/**
 * Calico minors that `calicoVersion` may name, up to 3.32.
 *
 * 3.33 (3.33.1 of 2026-11-16 is the newest) is left out on purpose. By default its Felix, not BIRD, programs the routes of
 * IPIP, so closed TCP 179 no longer breaks IPIP and the verdict would be wrong. BIRD can still be chosen, but that choice is
 * deprecated and due to be removed in 3.35
 * (https://github.com/projectcalico/calico/blob/93bcdb60b28c80bbb4cec7ca02dc0a1843332397/release-notes/v3.33.0-release-notes.md).
 * `allowUnsupported: true` tries it, with BIRD chosen.
 */
export const CALICO_RELEASES: Readonly<Record<string, CalicoRelease>> = {
  "3.30": {
    patch: "3.30.7",
    kubernetes: ["1.31", "1.32", "1.33", "1.34", "1.35"],
    source: "https://github.com/projectcalico/calico/blob/v3.30.7/release-notes/v3.30.7-release-notes.md",
    date: "2026-08-22",
    requirements: requirementsOf("3.30"),
    manifests: {
      "calico.yaml": "ed105288f27c7ba4cae143bcaa3f6425f02d84fa94a4786cc8e3d371412c1a36",
      "calico-typha.yaml": "a11fc074d2f7197e38af5fefdc58697e881da8eadc0778f2493a18a0a5908cfd",
      commit: "74485ea40911c4868ae83ddb5da489c1533d1dba",
    },
  },
  "3.31": {
    patch: "3.31.7",
    kubernetes: ["1.32", "1.33", "1.34", "1.35"],
    // Calico's operator of this date still installs 3.31.7.
    source: "https://github.com/tigera/operator/releases/tag/v1.40.17",
    date: "2026-11-12",
    requirements: requirementsOf("3.31"),
    manifests: {
      "calico.yaml": "d6d8a489a4ed8e5b8efd8b339047b496ca657b55ee2e3618e791507b0a853e8d",
      "calico-typha.yaml": "86bdaabf6098f98320773a257f3408f70a8654e9ccf26a48e717ef2d028d71b7",
      commit: "94bd1d5b0e04459d4d1c83653e0335a9201248b8",
    },
  },
  "3.32": {
    // 3.32.4 of 2026-11-11 is the newest, but its tag, and so the checksum of its manifest, could not be read.
    patch: "3.32.1",
    kubernetes: ["1.34", "1.35", "1.36"],
    source: "https://github.com/projectcalico/calico/blob/v3.32.1/release-notes/v3.32.1-release-notes.md",
    date: "2026-08-22",
    requirements: requirementsOf("3.32"),
    manifests: {
      "calico.yaml": "a1df919d9721cf667accdc3e72848911b0cb25cfab7d2478ad0c996302c95744",
      "calico-typha.yaml": "7ecc42a5ca2bd47764384f5c52b89b007c06cbf907fd3214c1cf4abc75ead76f",
      commit: "0ca9d1b93644778cafdf1812f3dda02ac0c361e8",
    },
  },
};

/** Whether Calico lists these two releases as tested with each other. Each may have a patch number. */
export const isTested = (calico: string, kubernetes: string): boolean =>
  CALICO_RELEASES[minorOf(calico)]?.kubernetes.includes(minorOf(kubernetes)) ?? false;

/**
 * First minor of Calico 3 whose BGPConfiguration can say who programs the routes of IPIP and None: BIRD, which is the
 * default there, or Felix (`programClusterRoutes` in api/pkg/apis/projectcalico/v3/bgpconfig.go: absent in v3.31.7, there in
 * v3.32.1).
 */
export const MINOR_WITH_ROUTING_CHOICE = 32;

/**
 * First minor of Calico 3 that can program nftables (`NFTablesMode` in felix/config/config_params.go: absent from v3.28.5,
 * there in v3.29.0). Earlier ones program iptables only, and Calico's requirements list no kube-proxy in nftables mode
 * for them (tigera/docs#1708).
 */
export const MINOR_WITH_NFTABLES = 29;

/** The channel from which kOps takes the patch releases it recommends. */
const KOPS: Evidence = {
  source: "https://github.com/kubernetes/kops/blob/4a965b23bf1bf48252af25210ec233fd63e57fdf/channels/stable",
  date: "2026-07-30",
};

/** Every release 1.X.Y of Kubernetes tags its Go client as v0.X.Y. The date is that of the tag. */
const goClient = (version: string, date: string): Evidence => ({
  source: `pkg:golang/k8s.io/client-go@v${version}`,
  date,
});

/** Newest patch release found of each Kubernetes minor that a release in {@link CALICO_RELEASES} was tested with. */
export const KUBERNETES_PATCHES: Readonly<Record<string, KubernetesRelease>> = {
  "1.31": {
    patch: "1.31.14",
    // The final patch release: the minor's support ended on this date.
    source:
      "https://github.com/kubernetes/website/blob/0637786b3e0a896fabe197d29682f2bb688074a6/data/releases/eol.yaml",
    date: "2025-11-11",
  },
  "1.32": { patch: "1.32.13", ...KOPS },
  "1.33": { patch: "1.33.13", ...KOPS },
  "1.34": { patch: "1.34.13", ...goClient("0.34.13", "2026-10-28") },
  "1.35": { patch: "1.35.10", ...goClient("0.35.10", "2026-10-28") },
  "1.36": { patch: "1.36.6", ...goClient("0.36.6", "2026-10-28") },
};

/**
 * The age of the tables.
 * @param checked ISO date of the check. Default: {@link TABLE_DATE}.
 * @returns whole months from the check to `now`, both in UTC; 0 when `now` is earlier.
 */
export function tableAge(now: Date, checked = TABLE_DATE): number {
  const then = new Date(checked);
  const months = (now.getUTCFullYear() - then.getUTCFullYear()) * 12 + now.getUTCMonth() - then.getUTCMonth();
  return Math.max(0, now.getUTCDate() < then.getUTCDate() ? months - 1 : months);
}

/**
 * A note for the user once the tables are six months old.
 * @param checked ISO date of the check. Default: {@link TABLE_DATE}.
 * @returns undefined while the tables are younger.
 */
export function tableNote(now: Date, checked = TABLE_DATE): string | undefined {
  const months = tableAge(now, checked);
  if (months < OLD_AFTER_MONTHS) return undefined;
  return `note: the table of Calico and Kubernetes versions is from ${checked}, ${months} months old; newer releases may exist`;
}

/** The releases that a plan installs. */
export interface Versions {
  /** Whole versions without a leading `v`, e.g. `1.35.10`. */
  kubernetes: string;
  calico: string;
}

/**
 * The SHA-256 that a manifest of Calico must have; undefined for a release that the table does not name.
 * @param file `calico.yaml` or `calico-typha.yaml`.
 */
export const manifestChecksum = (
  calico: string,
  file: "calico.yaml" | "calico-typha.yaml",
): string | undefined =>
  Object.values(CALICO_RELEASES).find(({ patch }) => patch === calico)?.manifests[file];

/** Major and minor of a version, without a leading `v`: `1.35` for `v1.35.10`. */
export const minorOf = (version: string): string =>
  version.replace(/^v/, "").split(".").slice(0, 2).join(".");

/** The minor of Calico 3 that a plan installs, as a number. */
export const calicoMinor = ({ versions }: { versions: Versions }): number =>
  Number(minorOf(versions.calico).split(".")[1]);

/** Turns a minor into its newest patch release in the table. An unknown minor stays as it is. */
function complete(version: string, patches: (minor: string) => string | undefined): string {
  const bare = version.replace(/^v/, "");
  return bare.split(".").length === 3 ? bare : (patches(bare) ?? bare);
}

/**
 * The releases that the config asks for.
 * @param kubernetes `kubernetesVersion`: a minor or a whole version, with or without a leading `v`.
 * @param calico `calicoVersion`, in the same form.
 */
export function planVersions(kubernetes: string, calico: string): Versions {
  return {
    kubernetes: complete(kubernetes, (minor) => KUBERNETES_PATCHES[minor]?.patch),
    calico: complete(calico, (minor) => CALICO_RELEASES[minor]?.patch),
  };
}
