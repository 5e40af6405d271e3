/** Renders the plan as the spec of scripts/containers/run, which makes the machines. Pure. */
import ipaddr from "ipaddr.js";
import type { LabPlan } from "../../../plan";
import {
  type NetworkSpec,
  type PortSpec,
  renderNetwork,
  renderPortSpec,
  renderSubnetSpec,
  type SubnetSpec,
} from "./network";

/** FOLDER/spec.json, as the head of scripts/containers/run describes it. */
export interface ContainersSpec {
  name: string;
  /** As in authorized_keys: the key for login as root on each node. */
  publicKey: string;
  /** Absolute path of a folder laid over the plain root of each node whose disk is made from now on. */
  layer?: string;
  /** The pods' addresses. No subnet may overlap them. */
  podCidr: string;
  network: NetworkSpec;
  subnets: SubnetSpec[];
  /** `address` with the subnet's prefix length. */
  nodes: NodeSpec[];
  /** The node whose port 6443 serves the API. */
  apiNode: string;
}

/** One machine. */
export interface NodeSpec extends PortSpec {
  name: string;
  /** The name of one of the subnets. */
  subnet: string;
  /** With the subnet's prefix length. */
  address: string;
}

/** FOLDER/spec.json as this program writes it, with marks that scripts/containers/run ignores. */
export interface FolderSpec extends ContainersSpec {
  nodes: FolderNode[];
}

/** One machine, and who removes it. */
export interface FolderNode extends NodeSpec {
  /** The state has a resource for this node alone, which removes its machine. Absent in labs of earlier versions. */
  own?: true;
  /** No longer in the plan. The machine stays on until the node's own resource removes it. */
  leaving?: true;
}

/** What the spec needs besides the plan. */
export interface ContainersOptions {
  /** The stack's name. */
  name: string;
  publicKey: string;
  layer?: string;
}

/** The spec for a plan. */
export function renderContainers(
  plan: LabPlan,
  { name, publicKey, layer }: ContainersOptions,
): ContainersSpec {
  const prefixes = new Map(plan.subnets.map((subnet) => [subnet.name, subnet.prefix]));
  return {
    name,
    publicKey,
    ...(layer && { layer }),
    podCidr: plan.ipPool.cidr,
    network: renderNetwork(plan),
    subnets: plan.subnets.map((subnet) => renderSubnetSpec(plan, subnet)),
    // The machine's real address. What Calico records (`recordedAddress`) may be a fault set on purpose.
    nodes: plan.nodes.map((node) => ({
      name: node.name,
      subnet: node.subnet,
      address: `${node.address}/${prefixes.get(node.subnet)}`,
      ...renderPortSpec(plan, node),
    })),
    apiNode: plan.controlPlane.name,
  };
}

/**
 * What FOLDER/spec.json must be for a new spec. A node that only the old file has stays in it if the node has its own
 * resource: the cluster drains it first, and a drain waits for pods that only a running machine can end. It does not
 * stay if the new network leaves no room for it. Its routes are removed at once, because the other nodes remove theirs.
 *
 * @param before the current file; undefined if there is none.
 * @returns the new file. Given its own result, it returns the same again.
 */
export function withLeaving(spec: ContainersSpec, before: FolderSpec | undefined): FolderSpec {
  // Nodes of an earlier version have no port that could be kept.
  const own = (before?.nodes ?? []).filter((node) => node.own && node.plug !== undefined);
  const marked = new Set(own.map(({ name }) => name));
  const nodes: FolderNode[] = spec.nodes.map((node) =>
    marked.has(node.name) ? { ...node, own: true } : { ...node },
  );
  const subnets = [...spec.subnets];
  for (const node of own) {
    const isTaken = spec.nodes.some(
      ({ name, address }) => name === node.name || hostOf(address) === hostOf(node.address),
    );
    const subnet = before?.subnets.find(({ name }) => name === node.subnet);
    if (isTaken || !subnet) continue;
    // A renamed subnet is the same network.
    const same = subnets.find(({ cidr, gateway }) => cidr === subnet.cidr && gateway === subnet.gateway);
    if (!same && !isFree(subnet, { ...spec, subnets })) continue;
    if (!same) subnets.push(subnet);
    nodes.push({ ...node, subnet: (same ?? subnet).name, leaving: true });
  }
  return { ...spec, subnets, nodes };
}

const hostOf = (address: string): string => address.split("/")[0] as string;

/** Whether a subnet of the old spec can stay beside those of the new one. */
function isFree(
  { name, cidr }: { name: string; cidr: string },
  { subnets, podCidr }: ContainersSpec,
): boolean {
  const taken = [podCidr, ...subnets.map((subnet) => subnet.cidr)];
  return !subnets.some((subnet) => subnet.name === name) && !taken.some((other) => overlap(cidr, other));
}

function overlap(a: string, b: string): boolean {
  const [first, prefix] = ipaddr.IPv4.parseCIDR(a);
  const [second, other] = ipaddr.IPv4.parseCIDR(b);
  return first.match(second, Math.min(prefix, other));
}

/** FOLDER/spec.json with the mark that the state has a resource for this node alone. */
export const withOwn = (spec: FolderSpec, name: string): FolderSpec => ({
  ...spec,
  nodes: spec.nodes.map((node) => (node.name === name ? { ...node, own: true } : node)),
});

/** Whether the file says that the state has a resource for this node alone. */
export const hasOwn = (spec: FolderSpec, name: string): boolean =>
  spec.nodes.some((node) => node.name === name && node.own === true);

/**
 * FOLDER/spec.json after that resource was deleted. A leaving node is removed, and so is its subnet if no other node is
 * in it. A node of the plan stays, without the mark.
 */
export function withoutOwn(spec: FolderSpec, gone: string): FolderSpec {
  const nodes = spec.nodes
    .filter(({ name, leaving }) => name !== gone || !leaving)
    .map(({ own, ...node }) => (own && node.name !== gone ? { ...node, own } : node));
  const used = new Set(nodes.map(({ subnet }) => subnet));
  const left = spec.nodes.find(({ name, leaving }) => name === gone && leaving)?.subnet;
  return {
    ...spec,
    subnets: spec.subnets.filter(({ name }) => name !== left || used.has(name)),
    nodes,
  };
}

/** What `run FOLDER up` and `run FOLDER status` print. */
export interface ContainersStatus {
  /** `running`: its machine runs and its port is open. */
  nodes: Record<string, { port: number; hostKey: string; running: boolean }>;
  api: { port: number; running: boolean };
  /** The router's BIRD. Absent where the router is to have none. */
  bird?: { running: boolean };
}

/** What the state records of a status. */
export interface ContainersOutputs {
  /** Ports of 127.0.0.1 that lead to each node's SSH, by node name. */
  ports: Record<string, number>;
  /** `ssh-ed25519 AAAA…` by node name. The key is on the node's disk: a new disk is a new machine, with a new key. */
  hostKeys: Record<string, string>;
  /** Port of 127.0.0.1 that leads to the API. */
  apiPort: number;
}

/** The status without the machines that wait for their removal. The lab is complete without them. */
export function withoutLeaving({ nodes, ...rest }: ContainersStatus, spec: FolderSpec): ContainersStatus {
  const leaving = new Set(spec.nodes.filter((node) => node.leaving).map(({ name }) => name));
  return { nodes: Object.fromEntries(Object.entries(nodes).filter(([name]) => !leaving.has(name))), ...rest };
}

/** Picks what the state records of a status. */
export function outputsOf({ nodes, api }: ContainersStatus): ContainersOutputs {
  const entries = Object.entries(nodes);
  return {
    ports: Object.fromEntries(entries.map(([name, { port }]) => [name, port])),
    hostKeys: Object.fromEntries(entries.map(([name, { hostKey }]) => [name, hostKey])),
    apiPort: api.port,
  };
}

/** Whether everything runs, with the same ports and disks as recorded. */
export function isAsRecorded(status: ContainersStatus, recorded: ContainersOutputs): boolean {
  const now = outputsOf(status);
  const same = (a: object, b: object) =>
    JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());
  return (
    status.api.running &&
    status.bird?.running !== false &&
    Object.values(status.nodes).every(({ running }) => running) &&
    now.apiPort === recorded.apiPort &&
    same(now.ports, recorded.ports) &&
    same(now.hostKeys, recorded.hostKeys)
  );
}
