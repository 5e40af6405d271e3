/** What the cluster's ConfigMaps, and calico-node's DaemonSet, say about the network. */
import { parse } from "yaml";
import { z } from "zod";
import { PROXY_MODES } from "../../config";
import { encapsulationOf } from "../../plan";
import type { Document } from "./documents";
import { type Facts, know } from "./facts";
import { isCidr, list, maybe, object, positive, text } from "./fields";
import { modeIn } from "./ip-pool";
import { shaped } from "./shape";

const configMap = object({
  metadata: object({ name: text(), namespace: maybe(text()) }),
  data: maybe(z.record(z.string(), z.string({ error: "must be text" }))),
});

/** The name of an object of which nothing else may be as it should. */
const nameIn = ({ value }: Document): unknown =>
  (value as { metadata?: { name?: unknown } | null }).metadata?.name;

/** Reads a ConfigMap, if it is one of those that say something about the network. */
export function readConfigMap(document: Document, facts: Facts): boolean {
  const name = nameIn(document);
  if (name !== "kube-proxy" && name !== "kubeadm-config" && name !== "calico-config") return false;
  const map = shaped(facts, document, configMap, `ConfigMap ${name}`);
  if (!map?.data) return false;
  const at = (key: string) => document.at(["data", key]);
  if (name === "kube-proxy") readProxy(map.data["config.conf"] ?? "", at("config.conf"), facts);
  if (name === "kubeadm-config")
    readKubeadm(map.data.ClusterConfiguration ?? "", at("ClusterConfiguration"), facts);
  if (name === "calico-config") {
    const { calico_backend: backend, veth_mtu: mtu } = map.data;
    if (backend === "vxlan" || backend === "none") know(facts, "bgp", "Disabled", at("calico_backend"));
    if (backend === "bird") know(facts, "bgp", "Enabled", at("calico_backend"));
    know(facts, "podMtu", positive(Number(mtu)), at("veth_mtu"));
  }
  return true;
}

const endpoints = object({
  metadata: object({ name: text(), namespace: maybe(text()) }),
  // The addresses of a Service's pods that are ready. Without any, the API leaves it out.
  subsets: maybe(list(object({ addresses: maybe(list(object({ ip: text() }))) }))),
});

/** Reads the Endpoints of CoreDNS's Service: without any, no name resolves in any pod. */
export function readEndpoints(document: Document, facts: Facts): boolean {
  const name = nameIn(document);
  if (name !== "kube-dns") return false;
  const read = shaped(facts, document, endpoints, `Endpoints ${name}`);
  if (!read) return false;
  const isEmpty = !read.subsets?.some(({ addresses = [] }) => addresses.length > 0);
  if (isEmpty)
    facts.dnsDown ??= {
      value: "the Service kube-dns has no endpoint: no CoreDNS is ready",
      source: document.at(["subsets"]),
    };
  return true;
}

/** A file inside a ConfigMap; nothing if it is not YAML. */
function inside(yaml: string): Record<string, unknown> {
  try {
    const value = parse(yaml.slice(0, 100_000), { maxAliasCount: 0, logLevel: "silent" });
    return value !== null && typeof value === "object" ? value : {};
  } catch {
    return {};
  }
}

function readProxy(yaml: string, source: ReturnType<Document["at"]>, facts: Facts): void {
  const { mode } = inside(yaml);
  // Empty is kube-proxy's default.
  const known = PROXY_MODES.find((one) => one === (mode || "iptables"));
  if (known) know(facts, "proxyMode", known, source);
  else facts.notExpressed.push({ what: `kube-proxy's mode is ${String(mode).slice(0, 40)}`, source });
}

function readKubeadm(yaml: string, source: ReturnType<Document["at"]>, facts: Facts): void {
  const { networking, kubernetesVersion } = inside(yaml) as {
    networking?: { serviceSubnet?: unknown };
    kubernetesVersion?: unknown;
  };
  const range = String(networking?.serviceSubnet ?? "")
    .split(",")
    .find((one) => isCidr(one));
  know(facts, "serviceCidr", range, source);
  if (typeof kubernetesVersion === "string") know(facts, "kubernetes", kubernetesVersion, source);
}

const container = object({
  name: maybe(text()),
  image: maybe(text()),
  env: maybe(
    list(
      object({
        name: text(),
        value: maybe(z.union([z.string(), z.number(), z.boolean()]).transform(String)),
      }),
    ),
  ),
});
const daemonSet = object({
  metadata: object({ name: text() }),
  spec: maybe(
    object({ template: maybe(object({ spec: maybe(object({ containers: maybe(list(container)) })) })) }),
  ),
});

/** A mode as calico-node's environment has it, which also knows `off`. What it does not know is the usual one. */
const modeOr = (usual: "Always" | "Never", given = ""): "Always" | "CrossSubnet" | "Never" =>
  /^off$/i.test(given) ? "Never" : (modeIn(given) ?? usual);

/** Reads calico-node's DaemonSet: the pool that it makes at its first start, its release, and how it chooses addresses. */
export function readDaemonSet(document: Document, facts: Facts): boolean {
  const name = nameIn(document);
  if (name !== "calico-node") return false;
  const parsed = shaped(facts, document, daemonSet, "DaemonSet calico-node");
  const containers = parsed?.spec?.template?.spec?.containers ?? [];
  const i = Math.max(
    containers.findIndex((one) => one.name === "calico-node"),
    0,
  );
  const source = document.at(["spec", "template", "spec", "containers", i]);
  const env = new Map(containers[i]?.env?.map((one) => [one.name, one.value]));
  const version = /:v?(\d+\.\d+\.\d+)/.exec(containers[i]?.image ?? "")?.[1];
  know(facts, "calico", version, source);
  if (/^(vxlan|none)$/.test(env.get("CALICO_NETWORKING_BACKEND") ?? ""))
    know(facts, "bgp", "Disabled", source);
  know(facts, "podMtu", positive(Number(env.get("FELIX_IPINIPMTU") ?? 0)), source);
  if (env.get("FELIX_BPFENABLED") === "true")
    facts.notExpressed.push({
      what: "Felix uses eBPF, which replaces kube-proxy and the kernel's routing",
      source,
    });
  const method = env.get("IP_AUTODETECTION_METHOD");
  if (method)
    facts.notExpressed.push({ what: `calico-node chooses its address by ${method.slice(0, 60)}`, source });
  const cidr = env.get("CALICO_IPV4POOL_CIDR");
  // In use only if there is no IPPool yet, so any that was read comes first.
  if (cidr && isCidr(cidr)) {
    const ipipMode = modeOr("Always", env.get("CALICO_IPV4POOL_IPIP"));
    const vxlanMode = modeOr("Never", env.get("CALICO_IPV4POOL_VXLAN"));
    facts.pools.push({
      name: "of calico-node's environment",
      cidr,
      blockSize: Number(env.get("CALICO_IPV4POOL_BLOCK_SIZE") ?? 26),
      encapsulation: encapsulationOf({ ipipMode: vxlanMode === "Never" ? ipipMode : "Never", vxlanMode }),
      natOutgoing: env.get("CALICO_IPV4POOL_NAT_OUTGOING") !== "false",
      disabled: false,
      rank: 2,
      source,
    });
  }
  return true;
}
