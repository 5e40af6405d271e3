/** The plan in the words of scripts/containers/run, which makes the machines. Pure. */
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
  nodes: { name: string; subnet: string; address: string }[];
  /** What the router knows besides its subnets. */
  routes: { block: string; via: string }[];
  /** The node whose port 6443 is the API's. */
  apiNode: string;
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
