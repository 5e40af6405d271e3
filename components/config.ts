/**
 * The stack's config: its schema, and the one place where it is read.
 *
 * Everything below this file gets plain typed objects. What can be judged from one key alone is judged here; what needs
 * several keys (overlaps, faults that contradict, versions that do not go together) is judged by the plan, with the same
 * {@link ConfigError}.
 */
import { z } from "zod";
import { ConfigError, formatPath, type Problem } from "./problem";
import { address, cidr, flag, list, name, oneOf, pattern, section, text, version, whole } from "./value";

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

const node = z.union(
  [
    name().transform((nodeName) => ({ name: nodeName, role: undefined, address: undefined })),
    z.strictObject({
      name: name(),
      /** Exactly one node is the control plane; the first node of the topology when none says so. */
      role: oneOf(["control-plane", "worker"]).optional(),
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
  nodes: list(node, 1, MAX_NODES, "nodes"),
});

const DEFAULT_TOPOLOGY = [
  { name: "a", cidr: "10.0.3.0/24", nodes: ["cp1", "w1"] },
  { name: "b", cidr: "10.0.4.0/24", nodes: ["w2", "w3"] },
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

const machine = section({
  name: name(),
  /** Where SSH reaches it; the node's own address in `topology` may be another. */
  address: text("a host name or an address"),
  port: whole(1, 65535).optional(),
  user: text("a login name").optional(),
});

const hosts = section({
  user: text("a login name").optional(),
  machines: list(machine, 1, MAX_NODES, "machines, each { name, address, port, user }").optional(),
});

const schema = z.strictObject({
  cloud: oneOf(CLOUDS).default("twin"),
  encapsulation: oneOf(ENCAPSULATIONS).default("VXLANCrossSubnet"),
  natOutgoing: flag().default(true),
  podRoutes: flag().default(false),
  bgp: oneOf(["Enabled", "Disabled"]).optional(),
  podCidr: cidr().default("172.16.0.0/16"),
  blockSize: whole(20, 32).default(26),
  serviceCidr: cidr().default("10.96.0.0/12"),
  topology: list(subnet, 1, MAX_NODES, "subnets, each { name, cidr, nodes }").prefault(DEFAULT_TOPOLOGY),
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
  hosts: hosts.optional(),
});

/** The config of one stack, checked key by key, defaults filled in. */
export type LabConfig = z.output<typeof schema>;
export type AwsConfig = NonNullable<LabConfig["aws"]>;
export type OpenStackConfig = NonNullable<LabConfig["openstack"]>;

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
  if (result.success) return result.data;
  throw new ConfigError(result.error.issues.flatMap((issue) => toProblems(values, issue)));
}

function decode(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value; // the schema then says which kind of value the key takes
  }
}

function toProblems(values: unknown, issue: z.core.$ZodIssue, base: readonly PropertyKey[] = []): Problem[] {
  const path = [...base, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      key: formatPath([...path, key]),
      value: valueAt(values, [...path, key]),
      message: `there is no such key; allowed here are ${keysAt(path).join(", ")}`,
    }));
  }
  const value = issue.input;
  // A union reports only "no variant fits": say what is wrong with the variant that was meant.
  if (issue.code === "invalid_union") {
    const meant = meantVariant(value, issue.errors);
    if (meant.length > 0) return meant.flatMap((nested) => toProblems(values, nested, path));
  }
  return [{ key: formatPath(path), value, message: issue.message }];
}

/** An object means the object variant (the last), text the one that takes text of another form. */
function meantVariant(value: unknown, variants: z.core.$ZodIssue[][]): z.core.$ZodIssue[] {
  if (typeof value === "string")
    return variants.find((issues) => issues.some(({ code }) => code === "invalid_format")) ?? [];
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return (isObject && variants.at(-1)) || [];
}

function keysAt(path: readonly PropertyKey[]): string[] {
  let at: unknown = schema;
  for (const step of path) at = typeof step === "number" ? elementOf(at) : shapeOf(at)?.[String(step)];
  return Object.keys(shapeOf(at) ?? {});
}

/** Sees through the wrappers `default`, `prefault`, `optional`, a list's pipe, and a union's object variant. */
function unwrap(type: unknown): z.core.$ZodTypeDef & Record<string, unknown> {
  const def = (type as z.ZodType).def as z.core.$ZodTypeDef & Record<string, unknown>;
  if (def.innerType) return unwrap(def.innerType);
  if (def.type === "pipe") return unwrap(def.out);
  if (def.type === "union") return unwrap((def.options as unknown[]).at(-1));
  return def;
}
const shapeOf = (type: unknown) => unwrap(type).shape as Record<string, unknown> | undefined;
const elementOf = (type: unknown) => unwrap(type).element;

function valueAt(values: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, step) =>
      at !== null && typeof at === "object" && Object.hasOwn(at, step) ? Reflect.get(at, step) : undefined,
    values,
  );
}
