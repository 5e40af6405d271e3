/**
 * The stack's config: its schema, and the only place that reads it.
 *
 * All other code gets plain typed objects. This file checks each key by itself. The plan checks what needs several keys
 * (overlaps, faults that the lab cannot have, incompatible versions), and throws the same {@link ConfigError}.
 */
import { z } from "zod";
import { ConfigError, type Problem } from "./error";
import { CONTAINERS, hosts, placeMachines, ROLES, type Subnet } from "./hosts";
import { address, cidr, flag, list, name, oneOf, pattern, section, text, version, whole } from "./value";
import { toProblems } from "./zod-errors";

export { ConfigError, type Problem } from "./error";
export { CONTAINERS, type Machine as MachineConfig } from "./hosts";

/** Calico's encapsulations, as its operator names them (`Installation.spec.calicoNetwork.ipPools[].encapsulation`). */
export const ENCAPSULATIONS = ["IPIP", "IPIPCrossSubnet", "VXLAN", "VXLANCrossSubnet", "None"] as const;
export type Encapsulation = (typeof ENCAPSULATIONS)[number];

/** Where a lab's nodes come from. */
export const CLOUDS = ["aws", "openstack", "hosts", "twin"] as const;
export type Cloud = (typeof CLOUDS)[number];

/** Whose network rules apply to the nodes. `plain` has none. */
export const FABRICS = ["aws", "openstack", "plain"] as const;
export type Fabric = (typeof FABRICS)[number];

/** Deliberate, named defects. Removing a name from the list undoes its defect. */
export const FAULTS = [
  "bgp-blocked",
  "ipip-blocked",
  "vxlan-blocked",
  "pod-cidr-blocked",
  "source-dest-check",
  "port-security",
  "mtu-too-big",
  "node-as-32",
] as const;
export type Fault = (typeof FAULTS)[number];

/** kube-proxy's modes; `ipvs` is deprecated upstream since Kubernetes 1.35. */
export const PROXY_MODES = ["iptables", "nftables", "ipvs"] as const;

const named = (nodeName: string) => ({ name: nodeName, role: undefined, address: undefined });

const node = z.union(
  [
    name().transform(named),
    z.strictObject({
      name: name(),
      /** Exactly one node is the control plane. Default: the first node of the topology. */
      role: oneOf(ROLES).optional(),
      /** Fixed private address. Default: the next free one of the subnet. */
      address: address().optional(),
    }),
  ],
  { error: "must be a node's name, or { name, role, address }" },
);

/** Maximum number of nodes: Calico's advice for a full mesh of BGP sessions (docs: networking/configuring/bgp). */
export const MAX_NODES = 100;

const subnet = section({
  name: name(),
  cidr: cidr(),
  nodes: list(node, 1, MAX_NODES, "nodes").optional(),
});

const DEFAULT_TOPOLOGY: Subnet[] = [
  { name: "a", cidr: "10.0.3.0/24", nodes: [named("cp1"), named("w1")] },
  { name: "b", cidr: "10.0.4.0/24", nodes: [named("w2"), named("w3")] },
];

const splitWords = (value: string): string[] =>
  value.trim() === "" ? [] : value.split(",", FAULTS.length + 1).map((part) => part.trim());

const faults = z.preprocess(
  // `pulumi config set faults ipip-blocked,bgp-blocked` stores text, a stack file has a list: accept both.
  // Empty text means no faults: it is what remains when you remove the last name.
  (value) => (typeof value === "string" ? splitWords(value) : value),
  list(oneOf(FAULTS), 0, FAULTS.length, `faults: ${FAULTS.join(", ")}`),
);

const access = {
  /** Who may reach SSH, the API and NodePorts. Default: your own public address, never everyone. */
  accessCidrs: list(cidr(), 1, 50, "CIDRs"),
  /** An OpenSSH public key to log in with. Default: a key pair made for the stack. */
  publicKey: pattern(
    /^(ssh-(ed25519|rsa)|ecdsa-sha2-\S+) \S+/,
    "an OpenSSH public key such as ssh-ed25519 AAAA…",
  ),
  /** The image's login name. Default: `ubuntu`. */
  user: pattern(/^[a-z_][-a-z0-9_]{0,31}$/, "a login name such as ubuntu"),
  /** How long the lab may live. It is tagged with its expiry, and every preview says when that is past. */
  ttl: pattern(/^[1-9]\d{0,3}[hd]$/, "a time such as 8h or 3d"),
  /** The lab's owner, as a tag. Default: the login name of the user who first built it. */
  owner: pattern(/^[\w.@+-]{1,60}$/, "at most 60 letters, digits and . _ @ + -"),
};

const aws = section({
  region: pattern(/^[a-z]{2}(-[a-z]+)+-\d$/, "a region such as eu-central-1").optional(),
  instanceType: text("an EC2 instance type such as t3.medium").optional(),
  imageId: pattern(/^ami-[0-9a-f]{8,17}$/, "an image id such as ami-0123456789abcdef0").optional(),
  architecture: oneOf(["amd64", "arm64"]).optional(),
  spot: flag().optional(),
  accessCidrs: access.accessCidrs.optional(),
  publicKey: access.publicKey.optional(),
  user: access.user.optional(),
  ttl: access.ttl.optional(),
  owner: access.owner.optional(),
});

const openstack = section({
  cloud: text("the name of an entry of clouds.yaml").optional(),
  region: text("a region's name").optional(),
  image: text("an image's name").optional(),
  flavor: text("a flavor's name").optional(),
  externalNetwork: text("the external network's name").optional(),
  accessCidrs: access.accessCidrs.optional(),
  publicKey: access.publicKey.optional(),
  user: access.user.optional(),
  ttl: access.ttl.optional(),
  owner: access.owner.optional(),
});

const calico = section({
  /** `none`: no Calico; pods get the reference CNI plugins and static routes, and the IPPool is only declared. */
  install: oneOf(["manifest", "none"]).optional(),
  /** Where Calico's manifest is: a URL, or a file on this machine. Default: where the Calico project publishes it. */
  manifest: text("a URL or a path").optional(),
  /** The manifest's expected SHA-256. */
  checksum: pattern(/^(sha256:)?[0-9a-f]{64}$/, "a SHA-256 in hex, as sha256sum prints it").optional(),
  /** Archives of Calico's images, as `docker save` writes them. Nodes import them before the manifest is applied. */
  images: list(text("the path of an image archive"), 1, 20, "paths of image archives").optional(),
});

const schema = z.strictObject({
  cloud: oneOf(CLOUDS).default("twin"),
  encapsulation: oneOf(ENCAPSULATIONS).default("VXLANCrossSubnet"),
  natOutgoing: flag().default(true),
  podRoutes: flag().default(false),
  /** `Disabled`: BIRD does not run, which works only with VXLAN and VXLANCrossSubnet. Default: it always runs. */
  bgp: oneOf(["Enabled", "Disabled"]).optional(),
  podCidr: cidr().default("172.16.0.0/16"),
  blockSize: whole(20, 32).default(26),
  serviceCidr: cidr().default("10.96.0.0/12"),
  topology: list(subnet, 1, MAX_NODES, "subnets, each { name, cidr, nodes }").optional(),
  kubernetesVersion: version("1.35").default("1.35"),
  calicoVersion: version("3.32").default("3.32"),
  allowUnsupported: flag().default(false),
  proxyMode: oneOf(PROXY_MODES).default("iptables"),
  mtu: whole(1280, 9216).optional(),
  fabric: oneOf(FABRICS).optional(),
  rehearse: flag().default(false),
  faults: faults.default([]),
  aws: aws.optional(),
  openstack: openstack.optional(),
  hosts: hosts(MAX_NODES).optional(),
  /** `none`: only the machines and their network. What you install on them is up to you. */
  cluster: oneOf(["kubeadm", "none"]).default("kubeadm"),
  calico: calico.optional(),
});

type Parsed = z.output<typeof schema>;

/** A config as it is written: the keys of a stack file's `encaplab:` section, most of them optional. */
export type RawConfig = z.input<typeof schema>;

/** The config of one stack, checked key by key, with defaults filled in and every machine in its subnet. */
export type LabConfig = Omit<Parsed, "topology"> & { topology: Subnet[] };
export type AwsConfig = NonNullable<LabConfig["aws"]>;
export type OpenStackConfig = NonNullable<LabConfig["openstack"]>;
export type HostsConfig = NonNullable<LabConfig["hosts"]>;
export type CalicoConfig = NonNullable<LabConfig["calico"]>;

/** The project's name, which is the namespace of its config keys (`encaplab:encapsulation`). */
const PROJECT = "encaplab";

/**
 * Picks the project's own keys out of a stack's whole config and parses them.
 *
 * @param stack the values by full key (`encaplab:cloud`, `aws:region`), as `pulumi.runtime.allConfig()` returns them or as
 *   they are under `config:` in a stack file. Keys of other namespaces belong to providers and are ignored.
 * @throws {ConfigError} as {@link parseConfig}.
 */
export const parseStackConfig = (stack: Readonly<Record<string, unknown>>): LabConfig =>
  parseConfig(ownKeys(stack));

/** A stack's whole config as the arguments of a lab: its own keys, unchecked, and the settings of its cloud's provider. */
export function stackArgs(
  stack: Readonly<Record<string, unknown>>,
): RawConfig & { providerSettings: ProviderSettings } {
  const own = ownKeys(stack);
  return { ...(own as RawConfig), providerSettings: providerSettings(stack, String(own.cloud)) };
}

function ownKeys(stack: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const own = Object.entries(stack).filter(([key]) => key.startsWith(`${PROJECT}:`));
  return Object.fromEntries(own.map(([key, value]) => [key.slice(PROJECT.length + 1), value]));
}

/** A stack's settings for a cloud's provider, from the provider's own namespace, by key without the namespace. */
export type ProviderSettings = Readonly<Record<string, unknown>>;

/**
 * Picks the keys of a provider's own namespace (`aws:profile`, `openstack:authUrl`) out of a stack's whole config, so that
 * our explicit provider gets the same settings as the default provider would.
 */
export function providerSettings(
  stack: Readonly<Record<string, unknown>>,
  namespace: string,
): ProviderSettings {
  const prefix = `${namespace}:`;
  const own = Object.entries(stack).filter(([key]) => key.startsWith(prefix));
  // `pulumi config set` stores text, but a provider's flag must be a boolean.
  const value = (text: unknown) => (text === "true" || text === "false" ? text === "true" : decode(text));
  return Object.fromEntries(own.map(([key, text]) => [key.slice(prefix.length), value(text)]));
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
 *   passes them to a program.
 * @throws {ConfigError} naming every key that is wrong, its value and what it must be.
 */
export function parseConfig(raw: Readonly<Record<string, unknown>>): LabConfig {
  const values = Object.fromEntries(Object.entries(raw).map(([key, value]) => [key, decode(value)]));
  const result = schema.safeParse(values, { reportInput: true });
  if (!result.success)
    throw new ConfigError(result.error.issues.flatMap((issue) => toProblems(schema, values, issue)));
  const { topology, problems } = place(result.data);
  if (problems.length > 0) throw new ConfigError(problems);
  return { ...result.data, topology };
}

/** Puts existing machines into their subnets. On every other cloud the topology itself says where the nodes are. */
function place({ cloud, hosts: section, topology: given }: Parsed): ReturnType<typeof placeMachines> {
  const machines = cloud === "hosts" ? section?.machines : undefined;
  const written = given?.map((one) => ({ ...one, nodes: one.nodes ?? [] }));
  if (machines && machines !== CONTAINERS) return placeMachines(written, machines);
  const topology: Subnet[] = written ?? DEFAULT_TOPOLOGY;
  const problems: Problem[] = topology.flatMap(({ nodes }, i) =>
    nodes.length > 0
      ? []
      : [
          {
            key: `topology[${i}].nodes`,
            value: undefined,
            message: `must be a list of 1 to ${MAX_NODES} nodes`,
          },
        ],
  );
  return { topology, problems };
}

function decode(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value; // not JSON: the schema reports which kind of value the key takes
  }
}
