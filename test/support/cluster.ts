/** Builds a cluster on machines from a config, without an engine, with the answers of the mocks. */
import * as pulumi from "@pulumi/pulumi";
import { createPodNetwork, type PodNetwork } from "../../components/calico";
import type { Archive } from "../../components/calico/archives";
import { editManifest } from "../../components/calico/manifest";
import { Cluster } from "../../components/cluster";
import { parseConfig } from "../../components/config";
import type { Machine, MachineInfrastructure } from "../../components/infrastructure";
import { Hosts } from "../../components/infrastructure/hosts";
import { hasCalico, planLab } from "../../components/plan";
import { MANIFEST } from "./calico-manifest";
import { type Answers, type Recording, record } from "./mocks";

export const COMMAND = "command:remote:Command";
export const CA_HASH = "sha256:00";

export const answers: Answers = {
  state: (type, name) => {
    if (type.endsWith(":BootstrapTokens")) return { tokens: { w1: "token-of-w1", w2: "token-of-w2" } };
    if (type !== COMMAND) return {};
    if (name.startsWith("init-")) return { stdout: CA_HASH };
    if (name.startsWith("blocks-"))
      return { stdout: "172.16.0.0/26 cp1\n172.16.0.64/26 w1\n172.16.0.128/26 w2" };
    return { stdout: `answer of ${name}` };
  },
};

const MACHINES = [
  { name: "cp1", address: "10.0.3.10", subnet: "10.0.3.0/24" },
  { name: "w1", address: "10.0.3.11", subnet: "10.0.3.0/24", user: "vagrant", port: 2222 },
  { name: "w2", address: "10.0.4.10", subnet: "10.0.4.0/24" },
];

/** The machine between their subnets, of labs whose nodes peer with it. */
const ROUTER = { address: "192.0.2.1", user: "admin", addresses: ["10.0.4.254"] };

/** Existing machines, as the infrastructure would return them. */
const onHosts = (name: string, raw: Record<string, unknown>, options: pulumi.ComponentResourceOptions) => {
  const hosts = {
    machines: MACHINES,
    privateKey: "-----BEGIN OPENSSH PRIVATE KEY-----\na private key\n",
    ...(raw.podRoutes === "bgp" && { router: ROUTER }),
  };
  const config = parseConfig({ cloud: "hosts", hosts, ...raw });
  const plan = planLab(config);
  return { config, plan, infrastructure: new Hosts(name, { plan, config: config.hosts ?? {} }, options) };
};

class Instance extends pulumi.CustomResource {
  constructor(name: string, options: pulumi.CustomResourceOptions) {
    super("cloud:index:Instance", name, {}, options);
  }
}

/** Machines in a cloud: each is its own resource. */
function inCloud(hosts: Hosts, options: pulumi.CustomResourceOptions): MachineInfrastructure {
  const nodes: Machine[] = hosts.nodes.map((node) => ({
    ...node,
    resource: new Instance(node.name, options),
  }));
  return Object.assign(hosts, { nodes });
}

/** What {@link buildCluster} has built. */
export interface Built {
  cluster: Cluster;
  network: PodNetwork;
  infrastructure: MachineInfrastructure;
}

/**
 * Builds a cluster.
 * @param raw the stack's config, without `cloud` and machines.
 * @param cloud whether the machines are a cloud's.
 * @param archives image archives that every node loads before Calico is installed.
 */
export function buildCluster(
  raw: Record<string, unknown> = {},
  cloud = false,
  archives: readonly Archive[] = [],
): Promise<Recording<Built>> {
  return record((options) => {
    const { config, plan, infrastructure: hosts } = onHosts("test", raw, options);
    const infrastructure = cloud ? inCloud(hosts, options as pulumi.CustomResourceOptions) : hosts;
    const manifest = editManifest(MANIFEST, plan, false);
    const sources = hasCalico(config) ? { manifest, archives } : undefined;
    const cluster = new Cluster("cluster", { plan, infrastructure, prefix: "" }, options);
    const network = createPodNetwork("calico", { plan, cluster, sources, prefix: "" }, options);
    return { cluster, network, infrastructure };
  }, answers);
}
