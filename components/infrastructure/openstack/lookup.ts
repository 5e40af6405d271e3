/** Looks up image, flavor and external network by name. If a name is wrong, the error lists the right ones. */
import * as openstack from "@pulumi/openstack";
import type * as pulumi from "@pulumi/pulumi";
import { ConfigError, type OpenStackConfig, type Problem } from "../../config";
import { type Entry, list, type Session } from "./api";
import { providerSentence } from "./failure";

/** A size of machine. */
export interface Flavor {
  id: string;
  name: string;
  vcpus: number;
  /** MiB. */
  ram: number;
  /** GiB; 0 means that a machine of this flavor needs a volume to boot from. */
  disk: number;
}

/** What the lookup found. */
export interface Found {
  image: { id: string; name: string };
  flavor: Flavor;
  externalNetwork: { id: string; name: string };
}

/** Maximum number of names in an error message. A longer list does not help. */
const MAX_NAMES = 25;

/** How to list the names of a kind, here and by hand. */
interface Listing {
  /** As shown to the user. */
  kind: string;
  command: string;
  names(session: Session): Promise<string[]>;
}

const IMAGES: Listing = {
  kind: "image",
  command: "openstack image list",
  names: async (session) => {
    const images = await list(session, "image", "images?limit=1000&status=active", "images");
    const names = [...new Set(images.map(({ name }) => String(name)))].sort();
    return [...names.filter(isUbuntu), ...names.filter((name) => !isUbuntu(name))];
  },
};
const isUbuntu = (name: string): boolean => /ubuntu|noble|jammy/i.test(name);

const FLAVORS: Listing = {
  kind: "flavor",
  command: "openstack flavor list",
  names: async (session) => {
    const flavors = await list(session, "compute", "flavors/detail", "flavors");
    const sizes = flavors.map(({ name, vcpus, ram, disk }) => toFlavor({ id: "", name, vcpus, ram, disk }));
    sizes.sort((a, b) => Number(isTooSmall(a)) - Number(isTooSmall(b)) || a.ram - b.ram || a.vcpus - b.vcpus);
    return sizes.map(showFlavor);
  },
};

const EXTERNAL_NETWORKS: Listing = {
  kind: "external network",
  command: "openstack network list --external",
  names: async (session) => {
    const networks = await list(session, "network", "networks?router:external=true&fields=name", "networks");
    return networks.map(({ name }) => String(name)).sort();
  },
};

const toFlavor = ({ id, name, vcpus, ram, disk }: Entry): Flavor => ({
  id: String(id),
  name: String(name),
  vcpus: Number(vcpus ?? 0),
  ram: Number(ram ?? 0),
  disk: Number(disk ?? 0),
});

const showFlavor = ({ name, vcpus, ram, disk }: Flavor): string =>
  `${name} (${vcpus} vCPU, ${ram / 1024} GiB, disk ${disk} GB)`;

/** kubeadm refuses a control plane with fewer than 2 CPUs or 1700 MB. With Calico beside it, it soon uses 4 GiB. */
const isTooSmall = ({ vcpus, ram }: Flavor): boolean => vcpus < 2 || ram < 4096;

/** A warning if the flavor is small for a node, else undefined. */
export function flavorWarning(flavor: Flavor): string | undefined {
  if (!isTooSmall(flavor)) return undefined;
  return `flavor ${showFlavor(flavor)} is small for a Kubernetes node: kubeadm needs 2 vCPU, and works well with 4 GiB`;
}

/**
 * Looks up what the config names.
 * @param session to list the names with; undefined if OpenStack's APIs cannot be reached from here.
 * @throws {ConfigError} with everything that is wrong with the names.
 */
export async function lookUp(
  { image, flavor, externalNetwork }: OpenStackConfig,
  session: Session | undefined,
  options: pulumi.InvokeOptions,
): Promise<Found> {
  const missing = async (key: string, listing: Listing): Promise<Problem> => ({
    key: `openstack.${key}`,
    value: undefined,
    message: `set the ${listing.kind}: pulumi config set --path openstack.${key} <name>; ${await namesOf(listing, session)}`,
  });
  const wrong = async (key: string, value: unknown, listing: Listing, error: Error): Promise<Problem> => ({
    key: `openstack.${key}`,
    value,
    message: `${whyNot(listing, error)}; ${await namesOf(listing, session)}`,
  });
  const [images, flavors, networks] = await Promise.all([
    image
      ? openstack.images
          .getImage({ name: image, mostRecent: true }, options)
          .catch((error) => wrong("image", image, IMAGES, error))
      : missing("image", IMAGES),
    flavor
      ? openstack.compute
          .getFlavor({ name: flavor }, options)
          .catch((error) => wrong("flavor", flavor, FLAVORS, error))
      : missing("flavor", FLAVORS),
    openstack.networking
      .getNetwork({ ...(externalNetwork && { name: externalNetwork }), external: true }, options)
      .catch((error) => wrong("externalNetwork", externalNetwork, EXTERNAL_NETWORKS, error)),
  ]);
  if ("id" in images && "id" in flavors && "id" in networks) {
    const machine = toFlavor({ ...flavors, name: flavors.name ?? flavor });
    requireFit(machine, image, images);
    return {
      image: { id: images.id, name: images.name ?? "" },
      flavor: machine,
      externalNetwork: { id: networks.id, name: networks.name ?? "" },
    };
  }
  throw new ConfigError([images, flavors, networks].filter((answer) => "message" in answer));
}

/** Compares the flavor with the image's minimum. Nova refuses a flavor that is too small, but only when it builds. */
function requireFit(
  flavor: Flavor,
  image: string | undefined,
  { minDiskGb, minRamMb }: Pick<openstack.images.GetImageResult, "minDiskGb" | "minRamMb">,
): void {
  if ((flavor.disk === 0 || flavor.disk >= minDiskGb) && flavor.ram >= minRamMb) return;
  throw new ConfigError([
    {
      key: "openstack.flavor",
      value: flavor.name,
      message: `image ${image} needs ${minDiskGb} GB of disk and ${minRamMb} MiB of memory, and ${showFlavor(flavor)} has less; choose a larger flavor`,
    },
  ]);
}

/** The provider says "Your query returned no results." or "… more than one result." (its data_source_*.go). */
function whyNot({ kind }: Listing, error: Error): string {
  if (/returned no results/.test(error.message)) return `there is no such ${kind}`;
  if (/more than one result/.test(error.message)) return `several ${kind}s match; set the name of one`;
  return `the lookup of the ${kind} failed: ${providerSentence(error)}`;
}

async function namesOf({ kind, command, names }: Listing, session: Session | undefined): Promise<string> {
  const byHand = `list them with: ${command}`;
  if (!session) return byHand;
  try {
    const all = await names(session);
    if (all.length === 0) return `this project can see no ${kind}`;
    const more = all.length > MAX_NAMES ? `, and ${all.length - MAX_NAMES} more (${command})` : "";
    return `available: ${all.slice(0, MAX_NAMES).join(", ")}${more}`;
  } catch {
    return byHand;
  }
}
