/** The real Kubernetes and Calico that test/cluster/build makes for the cluster tests. */
import * as fs from "node:fs";
import * as path from "node:path";
import type { RawConfig } from "./problems";
import { lastLineOf, REPOSITORY } from "./repository";

/** The Kubernetes minor version that is built. */
export const KUBERNETES = /k8s\.io\/kubernetes v(\d+\.\d+)/.exec(
  fs.readFileSync(path.join(REPOSITORY, "test/cluster/build/kubernetes/go.mod"), "utf8"),
)?.[1];

/** An image of the node layer with what the study's pods need: a shell, ping, curl, ip, socat, tcpdump, conntrack. */
export const TOOLS_IMAGE = "encaplab.local/tools:1";

/** What can be built: the node layer, Calico's manifest and images, or the programs alone. */
export type Target = "layer" | "calico" | "binaries";

const built = new Map<Target, string>();

/** Runs the build, or reuses the result of an earlier run. @returns the folder of the result. */
export function build(target: Target): string {
  const folder = built.get(target) ?? buildAgain(target);
  built.set(target, folder);
  return folder;
}

/** Runs the build script, which reuses its own earlier results. @returns the folder of the result. */
export const buildAgain = (target: Target): string =>
  lastLineOf("test/cluster/build/run", ...(target === "layer" ? [] : [target]));

/** Path of one of the compiled programs. */
export const program = (name: string): string => path.join(build("binaries"), name);

/** Config keys for the Kubernetes and the Calico that are built. */
export function builtVersions(): RawConfig {
  const folder = build("calico");
  const manifest = path.join(folder, "calico.yaml");
  const version = /calico\/node:v(\d+\.\d+)/.exec(fs.readFileSync(manifest, "utf8"))?.[1];
  return {
    kubernetesVersion: KUBERNETES,
    calico: { manifest, images: [path.join(folder, "images.tar")] },
    calicoVersion: version,
    // Where a test wants to have an observation, it asks for one: each takes seconds.
    observe: false,
    // It is the only version that can be built here, and older than those in the table.
    allowUnsupported: true,
  };
}
