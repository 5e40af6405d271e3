/**
 * The dynamic providers of the whole package, by the type of their resource. The states of stacks load them from here
 * (see `remote/dynamic`), by these names, and never by the files in which they happen to be. So a type that has been
 * released stays in this list.
 */
import type * as pulumi from "@pulumi/pulumi";
import { adapt, type DynamicProvider } from "./remote/dynamic";

/** Gives the table a type without the providers' own types, which are nothing to a reader of the declarations. */
function table<Type extends string>(providers: Record<Type, () => unknown>): Record<Type, () => unknown> {
  return providers;
}

// Load only the wanted provider: each runs in a process of its own, which starts sooner without the others' code.
const PROVIDERS = table({
  BootstrapTokens: () =>
    (require("./cluster/providers") as typeof import("./cluster/providers")).bootstrapTokens,
  HostReset: () => (require("./cluster/providers") as typeof import("./cluster/providers")).hostReset,
  Reachable: () => (require("./cluster/providers") as typeof import("./cluster/providers")).reachable,
  Images: () => (require("./calico/providers") as typeof import("./calico/providers")).images,
  Observation: () => (require("./study/providers") as typeof import("./study/providers")).observation,
  ClusterObservation: () =>
    (require("./study/providers") as typeof import("./study/providers")).clusterObservation,
  KeyPair: () => common().keyPair,
  Beginning: () => common().beginning,
  PresharedKey: () => common().presharedKey,
  HostKey: () =>
    (require("./infrastructure/hosts/providers") as typeof import("./infrastructure/hosts/providers"))
      .hostKey,
  ContainersFolder: () => containers().containersFolder,
  NodeContainers: () => containers().nodeContainers,
  ContainerNode: () => containers().containerNode,
  TwinFolder: () => twin().twinFolder,
  Sandbox: () => twin().sandbox,
  Network: () => twin().network,
  Security: () => twin().security,
  Link: () => twin().link,
  Node: () => twin().node,
});

const common = () =>
  require("./infrastructure/common/providers") as typeof import("./infrastructure/common/providers");
const containers = () =>
  require("./infrastructure/hosts/containers/providers") as typeof import("./infrastructure/hosts/containers/providers");
const twin = () =>
  require("./infrastructure/twin/providers") as typeof import("./infrastructure/twin/providers");

/** The type of a dynamic resource. */
export type DynamicType = keyof typeof PROVIDERS;

/** Every type of dynamic resource. */
export const DYNAMIC_TYPES = Object.keys(PROVIDERS) as DynamicType[];

/** A type's provider, as Pulumi wants it. Called by the lines that the state stores. */
export const asProvider = (type: DynamicType): pulumi.dynamic.ResourceProvider =>
  adapt(PROVIDERS[type]() as DynamicProvider<unknown, object>, type);
