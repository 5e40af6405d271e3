/** The plan in the words of scripts/containers/run, which makes the machines. Pure. */
import ipaddr from "ipaddr.js";
import type { LabPlan } from "../../../plan";

/** FOLDER/spec.json, as the head of scripts/containers/run describes it. */
export interface ContainersSpec {
  name: string;
  /** Bytes, of every link between the nodes. */
  mtu: number;
  /** As in authorized_keys; root of each node logs in with it. */
  publicKey: string;
  /** An absolute path: a folder put over the plain root of each node whose disk is made from now on. */
  layer?: string;
  /** Never to be sent out to the internet. */
  podCidr: string;
  subnets: { name: string; cidr: string; gateway: string }[];
  /** `address` with the subnet's prefix length. */
  nodes: NodeSpec[];
  /** What the router knows besides its subnets. */
  routes: { block: string; via: string }[];
  /** The node whose port 6443 is the API's. */
  apiNode: string;
}

/** One machine. */
export interface NodeSpec {
  name: string;
  /** The name of one of the subnets. */
  subnet: string;
  /** With the subnet's prefix length. */
  address: string;
}

/** FOLDER/spec.json as this program writes it, with marks that scripts/containers/run does not read. */
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

export interface ContainersOptions {
  /** The stack's name. */
  name: string;
  publicKey: string;
  layer?: string;
}

export function renderContainers(
  plan: LabPlan,
  { name, publicKey, layer }: ContainersOptions,
): ContainersSpec {
  const prefixes = new Map(plan.subnets.map((subnet) => [subnet.name, subnet.prefix]));
  const controlPlane = plan.nodes.find(({ role }) => role === "control-plane");
  if (!controlPlane) throw new Error("a plan without a control plane cannot become node containers");
  return {
    name,
    mtu: plan.mtu.link,
    publicKey,
    ...(layer && { layer }),
    podCidr: plan.ipPool.cidr,
    subnets: plan.subnets.map((subnet) => ({
      name: subnet.name,
      cidr: subnet.cidr,
      gateway: subnet.gateway,
    })),
    // The address the machine really has: what Calico records of it (`recordedAddress`) may be a fault set on purpose.
    nodes: plan.nodes.map((node) => ({
      name: node.name,
      subnet: node.subnet,
      address: `${node.address}/${prefixes.get(node.subnet)}`,
    })),
    routes: plan.podRoutes.map(({ block, via }) => ({ block, via })),
    apiNode: controlPlane.name,
  };
}

/**
 * What FOLDER/spec.json must be for a new spec. A node of the old file that the new spec lacks stays in it when the node has
 * a resource of its own: the cluster drains it first, and a drain waits for pods that only a running machine can end. It
 * does not stay when the new network leaves no room for it. Its routes go at once, because the other nodes drop theirs.
 *
 * @param before the file as it is; undefined when there is none.
 * @returns the same again when it is given its own result.
 */
export function withLeaving(spec: ContainersSpec, before: FolderSpec | undefined): FolderSpec {
  const own = (before?.nodes ?? []).filter((node) => node.own);
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

/** FOLDER/spec.json once the state has a resource for this node alone. */
export const withOwn = (spec: FolderSpec, name: string): FolderSpec => ({
  ...spec,
  nodes: spec.nodes.map((node) => (node.name === name ? { ...node, own: true } : node)),
});

/** Whether the file says that the state has a resource for this node alone. */
export const hasOwn = (spec: FolderSpec, name: string): boolean =>
  spec.nodes.some((node) => node.name === name && node.own === true);

/**
 * FOLDER/spec.json once that resource is gone: without the node when it was leaving, and without a subnet that only this
 * node was in. A node of the plan stays, without the mark.
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
}

export interface ContainersOutputs {
  /** Of 127.0.0.1, to each node's SSH. */
  ports: Record<string, number>;
  /** `ssh-ed25519 AAAA…` of each node's disk: with another disk it is another machine, and has another key. */
  hostKeys: Record<string, string>;
  /** Of 127.0.0.1, to the API. */
  apiPort: number;
}

/** The status without the machines that wait for their removal: the lab is complete without them. */
export function withoutLeaving({ nodes, api }: ContainersStatus, spec: FolderSpec): ContainersStatus {
  const leaving = new Set(spec.nodes.filter((node) => node.leaving).map(({ name }) => name));
  return { nodes: Object.fromEntries(Object.entries(nodes).filter(([name]) => !leaving.has(name))), api };
}

/** What the state keeps of a status. */
export function outputsOf({ nodes, api }: ContainersStatus): ContainersOutputs {
  const entries = Object.entries(nodes);
  return {
    ports: Object.fromEntries(entries.map(([name, { port }]) => [name, port])),
    hostKeys: Object.fromEntries(entries.map(([name, { hostKey }]) => [name, hostKey])),
    apiPort: api.port,
  };
}

/** Whether everything runs, and nothing has changed its port or disk since it was recorded. */
export function isAsRecorded(status: ContainersStatus, recorded: ContainersOutputs): boolean {
  const now = outputsOf(status);
  const same = (a: object, b: object) =>
    JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());
  return (
    status.api.running &&
    Object.values(status.nodes).every(({ running }) => running) &&
    now.apiPort === recorded.apiPort &&
    same(now.ports, recorded.ports) &&
    same(now.hostKeys, recorded.hostKeys)
  );
}
