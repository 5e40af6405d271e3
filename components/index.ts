/**
 * The public API of encaplab: the lab as one component, its parts for programs that need only some of them, and the pure
 * functions that plan and judge a lab without building it.
 *
 * The classes with a cloud's or a cluster's SDK behind them are loaded when a program first uses their name: `import {
 * Lab }` alone loads none of these SDKs. An ES module takes these classes from the default import
 * (`import encaplab from "encaplab"`), because Node finds no names in a CommonJS module that are defined this way.
 */
import type * as calico from "./calico";
import type * as cluster from "./cluster";
import type * as aws from "./infrastructure/aws";
import type * as hosts from "./infrastructure/hosts";
import type * as containers from "./infrastructure/hosts/containers";
import type * as openstack from "./infrastructure/openstack";
import type * as twin from "./infrastructure/twin";

export type { CalicoArgs, PodNetwork, StaticRoutesArgs } from "./calico";
export type { ClusterArgs, TenantPortArgs } from "./cluster";
export {
  type AwsConfig,
  type Cloud,
  ConfigError,
  ENCAPSULATIONS,
  type Encapsulation,
  FAULTS,
  type Fabric,
  type Fault,
  type HostsConfig,
  type LabConfig,
  type OpenStackConfig,
  type Problem,
  type ProviderSettings,
  parseConfig,
  type RawConfig,
} from "./config";
export type {
  CloudInfrastructure,
  Connection,
  Endpoint,
  Infrastructure,
  InfrastructureArgs,
  LabNode,
  Machine,
  MachineInfrastructure,
} from "./infrastructure";
export type { AwsInfrastructureArgs } from "./infrastructure/aws";
export type { HostsArgs } from "./infrastructure/hosts";
export type { NodeContainersArgs } from "./infrastructure/hosts/containers";
export type { OpenStackInfrastructureArgs } from "./infrastructure/openstack";
export type { TwinArgs } from "./infrastructure/twin";
export { Lab, type LabArgs, type LabOutputs } from "./lab";
export {
  type Hop,
  judge,
  type LabPlan,
  type NodePlan,
  type PathVerdict,
  planLab,
  type Trace,
  trace,
  type Verdict,
} from "./plan";
export { TwinObservation } from "./study/stack";

/** What is loaded when it is first used, and from where. */
const LATE = {
  AwsInfrastructure: () => (require("./infrastructure/aws") as typeof aws).AwsInfrastructure,
  OpenStackInfrastructure: () =>
    (require("./infrastructure/openstack") as typeof openstack).OpenStackInfrastructure,
  Hosts: () => (require("./infrastructure/hosts") as typeof hosts).Hosts,
  NodeContainers: () => (require("./infrastructure/hosts/containers") as typeof containers).NodeContainers,
  Twin: () => (require("./infrastructure/twin") as typeof twin).Twin,
  Cluster: () => (require("./cluster") as typeof cluster).Cluster,
  TenantPort: () => (require("./cluster") as typeof cluster).TenantPort,
  Calico: () => (require("./calico") as typeof calico).Calico,
  StaticRoutes: () => (require("./calico") as typeof calico).StaticRoutes,
};

// On `module.exports`, which is also what tsx exports: its `exports` is another object by now.
for (const [name, get] of Object.entries(LATE))
  Object.defineProperty(module.exports, name, { enumerable: true, get });

export declare const AwsInfrastructure: ReturnType<typeof LATE.AwsInfrastructure>;
export type AwsInfrastructure = InstanceType<typeof AwsInfrastructure>;
export declare const OpenStackInfrastructure: ReturnType<typeof LATE.OpenStackInfrastructure>;
export type OpenStackInfrastructure = InstanceType<typeof OpenStackInfrastructure>;
export declare const Hosts: ReturnType<typeof LATE.Hosts>;
export type Hosts = InstanceType<typeof Hosts>;
export declare const NodeContainers: ReturnType<typeof LATE.NodeContainers>;
export type NodeContainers = InstanceType<typeof NodeContainers>;
export declare const Twin: ReturnType<typeof LATE.Twin>;
export type Twin = InstanceType<typeof Twin>;
export declare const Cluster: ReturnType<typeof LATE.Cluster>;
export type Cluster = InstanceType<typeof Cluster>;
export declare const TenantPort: ReturnType<typeof LATE.TenantPort>;
export type TenantPort = InstanceType<typeof TenantPort>;
export declare const Calico: ReturnType<typeof LATE.Calico>;
export type Calico = InstanceType<typeof Calico>;
export declare const StaticRoutes: ReturnType<typeof LATE.StaticRoutes>;
export type StaticRoutes = InstanceType<typeof StaticRoutes>;
