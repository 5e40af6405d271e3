/**
 * The stack's config: its schema, and the only place that reads it.
 *
 * All other code gets plain typed objects. This file checks each key by itself. The plan checks what needs several keys
 * (overlaps, faults that the lab cannot have, incompatible versions), and throws the same {@link ConfigError}.
 *
 * The comment above a key is its documentation: `npm run schema` copies it into Pulumi.yaml and stacks/schema.json.
 */
import { z } from "zod";
import { aws } from "./aws";
import { bgp, peering, podRoutes, routeReflectors } from "./bgp";
import { calico } from "./calico";
import { CLOUDS, ENCAPSULATIONS, FABRICS, PROXY_MODES } from "./choices";
import { ConfigError, type Problem } from "./error";
import { faults } from "./faults";
import { CONTAINERS, hosts, placeMachines } from "./hosts";
import { openstack } from "./openstack";
import { blockSize, ipPools } from "./pools";
import { rehearsal } from "./rehearsal";
import { link, sites } from "./sites";
import { decode, ownKeys, type ProviderSettings, providerSettings, type StackConfig } from "./stack";
import { study } from "./study";
import { tenants } from "./tenants";
import { DEFAULT_TOPOLOGY, MAX_NODES, type Subnet, topology } from "./topology";
import { cidr, flag, oneOf, version, whole } from "./value";
import { toProblems } from "./zod-errors";

export * from "./choices";
export { ConfigError, type Problem } from "./error";
export { type FaultSetting, faultLabel, faultOf, type PlacedFault, placeOf } from "./faults";
export { CONTAINERS, type Machine as MachineConfig } from "./hosts";
export { nearest, suggestion } from "./nearest";
export { POOL_USES, type PoolUse } from "./pools";
export { BOTH_SITES, type LinkConfig, type Selectors, type Site as SiteConfig } from "./sites";
export { PROJECT, type ProviderSettings, providerSettings, type StackConfig } from "./stack";
export { STUDY_IMAGE } from "./study";
export { TENANT_PROTOCOLS, type TenantProtocol } from "./tenants";
export { MAX_NODES } from "./topology";

/** The schema of the config: every key, what it takes, and its default where that depends on no other key. */
export const schema = z.strictObject({
  /**
   * Where the nodes come from: `aws`, `openstack`, `hosts` (machines that you have, or node containers), or `twin` (a model
   * of the network, on this machine, without root). Default: `twin`.
   */
  cloud: oneOf(CLOUDS).default("twin"),
  /**
   * How Calico carries pod packets between nodes. `CrossSubnet` means a tunnel between subnets, and none inside a subnet.
   * Default: `VXLANCrossSubnet`.
   */
  encapsulation: oneOf(ENCAPSULATIONS).default("VXLANCrossSubnet"),
  /** Whether a pod's packets to anything but pods leave with their node's address. Default: `true`. */
  natOutgoing: flag().default(true),
  /**
   * How the gateway between the subnets learns where each node's block of pod addresses is: `none` (it knows only the
   * nodes), `static` (a route for each block), or `bgp` (it runs BIRD and peers with the nodes). `true` is `static`, `false`
   * is `none`. Default: `none`.
   */
  podRoutes: podRoutes().default("none"),
  /**
   * `mesh`: BIRD runs in every encapsulation, so that a switch takes seconds, and every node has a session with every other
   * one; for at most 100 nodes. `routeReflectors`: each node has sessions with the nodes of that key only. `Disabled`: no
   * BIRD, which works only with VXLAN and VXLANCrossSubnet. `Enabled` is `mesh`. Default: `mesh`.
   */
  bgp: bgp().default("mesh"),
  /**
   * With `bgp: routeReflectors`: the nodes that tell every other one of all routes, as a list of names, or text with commas
   * between them. Default: none.
   */
  routeReflectors: routeReflectors().default([]),
  /** BGP's settings: AS numbers, and what a node tells its peers. */
  peering: peering().optional(),
  /**
   * The range of the pods' addresses, an IPv4 CIDR: Calico's one IPPool, or with `ipPools` the range that has all enabled
   * pools in it. Default: `172.16.0.0/16`.
   */
  podCidr: cidr().default("172.16.0.0/16"),
  /** The prefix length of each node's block of pod addresses, in bits, from 20 to 30. Default: `26`. */
  blockSize: blockSize().default(26),
  /**
   * Calico's IPPools, where there are several: a list of `{ name, cidr, encapsulation, blockSize, natOutgoing, nodes,
   * allowedUses, disabled }`. What a pool leaves out is that of the key of the same name. Default: one pool, `podCidr`, with
   * the keys `encapsulation`, `blockSize` and `natOutgoing`.
   */
  ipPools: ipPools().optional(),
  /** The range of the Services' addresses, an IPv4 CIDR from /12 to /28. Default: `10.96.0.0/12`. */
  serviceCidr: cidr().default("10.96.0.0/12"),
  /**
   * The subnets, and the nodes in each: a list of `{ name, cidr, nodes }`. A node is a name, or `{ name, role, address }`.
   * Default: 10.0.3.0/24 with cp1 and w1, and 10.0.4.0/24 with w2 and w3. With `hosts.machines`: the subnets that the
   * machines name.
   */
  topology: topology().optional(),
  /**
   * The two sites of the lab, a list of `{ name, subnets }`. The subnets of a site share a router, and an IPsec tunnel joins
   * the two routers: on the twin, and on machines that you have, where each site also names its `gateway`. On AWS and
   * OpenStack a stack is one site, see `link.peer`. Default: no sites; all subnets share one router.
   */
  sites: sites().optional(),
  /** The tunnel between the sites. */
  link: link.optional(),
  /** The cluster's Kubernetes, a minor or a whole version, in quotes. Default: `1.35`. */
  kubernetesVersion: version("1.35").default("1.35"),
  /**
   * The cluster's Calico, in quotes: a minor, of which the lab takes the newest release whose manifest's checksum it knows,
   * or a whole version. Default: `3.32`.
   */
  calicoVersion: version("3.32").default("3.32"),
  /** Whether to accept versions that Calico does not list as tested. Default: `false`. */
  allowUnsupported: flag().default(false),
  /** kube-proxy's mode: `iptables`, `nftables`, or `ipvs` (deprecated since Kubernetes 1.35). Default: `iptables`. */
  proxyMode: oneOf(PROXY_MODES).default("iptables"),
  /** The MTU of the link under the nodes, in bytes, from 1280 to 9216. Default: the fabric's. */
  mtu: whole(1280, 9216).optional(),
  /**
   * Whose network rules apply under the nodes: `aws` (security group, source/dest check), `openstack` (security group, port
   * security), `plain` (none), or a network without a layer 2: `azure`, `gcp`, `hetzner`, `oci`, `tailscale`, and `l3` for
   * any other. Default: the cloud's own, and `plain` for `hosts` and `twin`.
   */
  fabric: oneOf(FABRICS).optional(),
  /**
   * Whether to build the same lab on this machine, on the cloud's fabric, before it costs money: `twin` (or `true`) builds
   * the network alone, without root; `containers` a real cluster in node containers, with kubeadm and Calico. Default:
   * `false`.
   */
  rehearse: rehearsal().default(false),
  /**
   * Deliberate defects: a list of names, or text with commas between them. `{ fault, nodes, direction }` instead of a name
   * is a fault that only some nodes have. stacks/faults.md describes each fault and says where it can be had. Default:
   * none.
   */
  faults: faults().default([]),
  /** Keys for `cloud: aws`. */
  aws: aws.optional(),
  /** Keys for `cloud: openstack`; of these, `backend` also for `fabric: openstack`. */
  openstack: openstack.optional(),
  /** Keys for `cloud: hosts`; of these, `layer` also for `rehearse: containers`. */
  hosts: hosts.optional(),
  /**
   * Whether the machines become a cluster: `kubeadm`, or `none` (only the machines and their network; what you install on
   * them is up to you). Default: `kubeadm`.
   */
  cluster: oneOf(["kubeadm", "none"]).default("kubeadm"),
  /** How Calico is installed. */
  calico: calico.optional(),
  /**
   * Whether `up` measures the lab when it is up, and holds what it sees against the verdict. Otherwise `lab observe` does,
   * when you ask. Default: `true`.
   */
  observe: flag().default(true),
  /** How a cluster is measured. */
  study: study.optional(),
  /**
   * A tenant network of OpenStack whose compute hosts are the lab's nodes: `{ cidr, instances, ports, securityGroup,
   * podRoutes }`. Only the twin builds it; TenantPort plugs a node into a real one. Default: none.
   */
  tenants: tenants.optional(),
});

type Parsed = z.output<typeof schema>;

/** A config as it is written: the keys of a stack file's `encaplab:` section, all of them optional. */
export type RawConfig = z.input<typeof schema>;

/** The config of one stack, checked key by key, with defaults filled in and every machine in its subnet. */
export type LabConfig = Omit<Parsed, "topology"> & { topology: Subnet[] };
/** The section `aws`. */
export type AwsConfig = NonNullable<LabConfig["aws"]>;
/** The section `openstack`. */
export type OpenStackConfig = NonNullable<LabConfig["openstack"]>;
/** The section `hosts`. */
export type HostsConfig = NonNullable<LabConfig["hosts"]>;
/** The section `calico`. */
export type CalicoConfig = NonNullable<LabConfig["calico"]>;
/** The section `study`. */
export type StudyConfig = NonNullable<LabConfig["study"]>;
/** The section `tenants`. */
export type TenantsConfig = NonNullable<LabConfig["tenants"]>;

/**
 * Picks the project's own keys out of a stack's whole config and parses them.
 *
 * @param stack the values by full key, as `pulumi.runtime.allConfig()` returns them or as they are under `config:` in a
 *   stack file. Keys of other namespaces belong to providers and are ignored.
 * @throws {ConfigError} as {@link parseConfig}.
 */
export const parseStackConfig = (stack: StackConfig): LabConfig => parseConfig(ownKeys(stack));

/** A stack's whole config as the arguments of a lab: its own keys, unchecked, and the settings of its cloud's provider. */
export function stackArgs(stack: StackConfig): RawConfig & { providerSettings: ProviderSettings } {
  const own = ownKeys(stack);
  return { ...(own as RawConfig), providerSettings: providerSettings(stack, String(own.cloud)) };
}

/**
 * Parses a stack's config.
 *
 * @example
 * ```ts
 * import { parseConfig } from "encaplab";
 *
 * const config = parseConfig({ encapsulation: "IPIP", faults: ["ipip-blocked"] });
 * console.log(config.podCidr, config.topology.map(({ name }) => name));
 * ```
 * @param raw the values by key without the `encaplab:` prefix. Objects and lists may also be JSON text, as the engine
 *   passes them to a program. Empty text and an empty section mean "not set" for a key whose default depends on other keys.
 * @throws {ConfigError} naming every key that is wrong, its value and what it must be.
 */
export function parseConfig(raw: Readonly<Record<string, unknown>>): LabConfig {
  const decoded = Object.entries(raw).map(([key, value]): [string, unknown] => [key, decode(value)]);
  const values = Object.fromEntries(decoded.filter(([key, value]) => !saysNothing(key, value)));
  const result = schema.safeParse(values, { reportInput: true });
  if (!result.success)
    throw new ConfigError(result.error.issues.flatMap((issue) => toProblems(schema, values, issue)));
  const { topology: subnets, problems } = place(result.data);
  if (problems.length > 0) throw new ConfigError(problems);
  return { ...result.data, topology: subnets };
}

/** Whether a value is what the engine gives for a key without a default: empty text, or a section without keys. */
function saysNothing(key: string, value: unknown): boolean {
  if (!hasDerivedDefault(key)) return false;
  if (value === "") return true;
  const inner: unknown = Reflect.get(schema.shape, key).unwrap();
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return inner instanceof z.ZodObject && isObject && Object.keys(value).length === 0;
}

/**
 * Whether a key's default depends on other keys. The engine requires a default in Pulumi.yaml for each key that it lists,
 * and gives that to the program as if the stack's file had it: for these keys it is empty text, or an empty section.
 */
export const hasDerivedDefault = (key: string): boolean =>
  Object.hasOwn(schema.shape, key) && Reflect.get(schema.shape, key) instanceof z.ZodOptional;

/** Puts existing machines into their subnets. On every other cloud the topology itself says where the nodes are. */
function place({ cloud, hosts: section, topology: given }: Parsed): ReturnType<typeof placeMachines> {
  const machines = cloud === "hosts" ? section?.machines : undefined;
  const written = given?.map((one) => ({ ...one, nodes: one.nodes ?? [] }));
  if (machines && machines !== CONTAINERS) return placeMachines(written, machines);
  const subnets: Subnet[] = written ?? DEFAULT_TOPOLOGY;
  const message = `must be a list of 1 to ${MAX_NODES} nodes`;
  const problems: Problem[] = subnets.flatMap(({ nodes }, i) =>
    nodes.length > 0 ? [] : [{ key: `topology[${i}].nodes`, value: undefined, message }],
  );
  return { topology: subnets, problems };
}
