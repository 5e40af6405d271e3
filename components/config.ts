/**
 * The stack's config: its schema, and the one place where it is read.
 *
 * Everything below this file gets plain typed objects. What can be judged from one key alone is judged here; what needs
 * several keys (overlaps, faults that contradict, versions that do not go together) is judged by the plan, with the same
 * {@link ConfigError}.
 */
import { z } from "zod";
import { toProblems } from "./issue";
import { CONTAINERS, hosts, placeMachines, ROLES, type Subnet } from "./machine";
import { ConfigError, type Problem } from "./problem";
import { address, cidr, flag, list, name, oneOf, pattern, section, text, version, whole } from "./value";

export { CONTAINERS, type Machine as MachineConfig } from "./machine";
export { ConfigError, type Problem } from "./problem";

/** Calico's encapsulations, in the operator's own words (`Installation.spec.calicoNetwork.ipPools[].encapsulation`). */
export const ENCAPSULATIONS = ["IPIP", "IPIPCrossSubnet", "VXLAN", "VXLANCrossSubnet", "None"] as const;
export type Encapsulation = (typeof ENCAPSULATIONS)[number];

/** Where a lab's nodes come from. */
export const CLOUDS = ["aws", "openstack", "hosts", "twin"] as const;
export type Cloud = (typeof CLOUDS)[number];

/** Whose network rules apply under the nodes. */
export const FABRICS = ["aws", "openstack", "plain"] as const;
export type Fabric = (typeof FABRICS)[number];

/** Deliberate, named defects; taking the name out of the list takes the defect back. */
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
      /** Exactly one node is the control plane; the first node of the topology when none says so. */
      role: oneOf(ROLES).optional(),
      /** Fixed private address; the next free one of the subnet when not given. */
      address: address().optional(),
    }),
  ],
  { error: "allowed is a node's name, or { name, role, address }" },
);

/** Calico's own advice for a full mesh of BGP sessions (docs: networking/configuring/bgp). */
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
  // `pulumi config set faults ipip-blocked,bgp-blocked` is what one types; a YAML list is what one writes.
  // Empty text is what is left when the last name is taken out.
  (value) => (typeof value === "string" ? splitWords(value) : value),
  list(oneOf(FAULTS), 0, FAULTS.length, `of ${FAULTS.join(", ")}`),
);

const access = {
  /** Who may reach SSH, the API and NodePorts; your own public address when not given. Never everybody unless written. */
  accessCidrs: list(cidr(), 1, 50, "CIDRs"),
  /** An OpenSSH public key to log in with; one is made for the stack when not given. */
  publicKey: pattern(
    /^(ssh-(ed25519|rsa)|ecdsa-sha2-\S+) \S+/,
    "an OpenSSH public key such as ssh-ed25519 AAAA…",
  ),
  /** The login name of the image; `ubuntu` when not given. */
  user: pattern(/^[a-z_][-a-z0-9_]{0,31}$/, "a login name such as ubuntu"),
  /** After this the lab is overdue: it is tagged, and every preview says so. */
  ttl: pattern(/^[1-9]\d{0,3}[hd]$/, "a time such as 8h or 3d"),
  /** Whose lab it is, as a tag; the login name of whoever built it first when not given. */
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
  /** Where Calico's manifest is: a URL, or a file on this machine; the project's own address when not given. */
  manifest: text("a URL or a path").optional(),
  /** What the manifest's SHA-256 must be. */
  checksum: pattern(/^(sha256:)?[0-9a-f]{64}$/, "a SHA-256 in hex, such as sha256sum prints").optional(),
  /** Archives of Calico's images, as `docker save` writes them: every node takes them in before the manifest is applied. */
  images: list(text("the path of an image archive"), 1, 20, "paths of image archives").optional(),
});

const schema = z.strictObject({
  cloud: oneOf(CLOUDS).default("twin"),
  encapsulation: oneOf(ENCAPSULATIONS).default("VXLANCrossSubnet"),
  natOutgoing: flag().default(true),
  podRoutes: flag().default(false),
  /** BIRD runs in every encapsulation unless this is `Disabled`, which only VXLAN and VXLANCrossSubnet can do without. */
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
  /** `none`: the machines and their network, and nothing on them; what is installed there is yours. */
  cluster: oneOf(["kubeadm", "none"]).default("kubeadm"),
  calico: calico.optional(),
});

type Parsed = z.output<typeof schema>;

/** The config of one stack, checked key by key, defaults filled in, every machine in its subnet. */
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
 *   they stand under `config:` in a stack file. Keys of other namespaces belong to providers and are left alone.
 * @throws {ConfigError} as {@link parseConfig}.
 */
export function parseStackConfig(stack: Readonly<Record<string, unknown>>): LabConfig {
  const own = Object.entries(stack).filter(([key]) => key.startsWith(`${PROJECT}:`));
  return parseConfig(Object.fromEntries(own.map(([key, value]) => [key.slice(PROJECT.length + 1), value])));
}

/** What a stack says to a cloud's provider in that provider's own namespace, by key without the namespace. */
export type ProviderSettings = Readonly<Record<string, unknown>>;

/**
 * Picks the keys of a provider's own namespace (`aws:profile`, `openstack:authUrl`) out of a stack's whole config, so that
 * a provider resource of ours hears what the provider's default instance would.
 */
export function providerSettings(
  stack: Readonly<Record<string, unknown>>,
  namespace: string,
): ProviderSettings {
  const prefix = `${namespace}:`;
  const own = Object.entries(stack).filter(([key]) => key.startsWith(prefix));
  // `pulumi config set` stores text; a provider's flag must be a boolean again.
  const value = (text: unknown) => (text === "true" || text === "false" ? text === "true" : decode(text));
  return Object.fromEntries(own.map(([key, text]) => [key.slice(prefix.length), value(text)]));
}

/**
 * Parses a stack's config.
 *
 * @param raw the values by key without the `encaplab:` prefix; objects and lists either as such or as JSON text, which is
 *   how the engine hands them to a program.
 * @throws {ConfigError} naming every key that is wrong, its value and what is allowed.
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

/** Puts existing machines into their subnets; every other cloud makes its nodes where the topology says. */
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
            message: `allowed is a list of 1 to ${MAX_NODES} nodes`,
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
    return value; // the schema then says which kind of value the key takes
  }
}
