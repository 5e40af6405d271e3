/** Nodes: Kubernetes' own, with Calico's annotations, and Calico's Node. */
import { z } from "zod";
import type { Fabric } from "../../config";
import type { Document } from "./documents";
import type { Facts, Known, NodeFact } from "./facts";
import { isAddress, isIpv4, list, maybe, object, text } from "./fields";
import { shaped } from "./shape";

const kubernetes = object({
  metadata: object({
    name: text(),
    labels: maybe(z.record(z.string(), z.unknown())),
    annotations: maybe(z.record(z.string(), z.unknown())),
  }),
  spec: maybe(object({ podCIDRs: maybe(list(text())), providerID: maybe(text()) })),
  status: maybe(
    object({
      addresses: maybe(list(object({ type: text(), address: text() }))),
      nodeInfo: maybe(object({ kubeletVersion: maybe(text()) })),
    }),
  ),
});

/** What clouds call themselves at the beginning of a node's providerID (cloud-provider's documentation of each). */
const PROVIDERS: readonly [RegExp, Fabric][] = [
  [/^aws:/, "aws"],
  [/^openstack:/, "openstack"],
  [/^azure:/, "azure"],
  [/^gce:/, "gcp"],
  [/^hcloud:/, "hetzner"],
  [/^(oci:|ocid1\.)/, "oci"],
];

const CONTROL_PLANE = /^node-role\.kubernetes\.io\/(control-plane|controlplane|master)$/;
/** In the order of preference: one tunnel is in use. */
const TUNNELS = ["projectcalico.org/IPv4IPIPTunnelAddr", "projectcalico.org/IPv4VXLANTunnelAddr"];

/** Reads a Node of Kubernetes'. */
export function readNode(document: Document, facts: Facts): void {
  const node = shaped(facts, document, kubernetes, "Node");
  if (!node) return;
  const { metadata, spec, status } = node;
  const noted = (key: string): Known<string> | undefined => {
    const value = metadata.annotations?.[key];
    const source = document.at(["metadata", "annotations", key]);
    return typeof value === "string" ? { value, source } : undefined;
  };
  const at =
    status?.addresses?.findIndex(({ type, address }) => type === "InternalIP" && isAddress(address)) ?? -1;
  const provider = PROVIDERS.find(([pattern]) => pattern.test(spec?.providerID ?? ""));
  const recorded = noted("projectcalico.org/IPv4Address");
  const tunnel = TUNNELS.map(noted).find((one) => one !== undefined);
  const version = status?.nodeInfo?.kubeletVersion;
  facts.nodes.push({
    name: metadata.name,
    source: document.at([]),
    ...(metadata.labels && { labels: textsIn(metadata.labels) }),
    isControlPlane: Object.keys(metadata.labels ?? {}).some((key) => CONTROL_PLANE.test(key)),
    ...(at >= 0 && {
      internalIp: {
        value: status?.addresses?.[at]?.address ?? "",
        source: document.at(["status", "addresses", at, "address"]),
      },
    }),
    ...(recorded && isIpv4(recorded.value) && { recorded: withPrefix(recorded) }),
    ...(tunnel && { tunnel }),
    ...(provider && { fabric: { value: provider[1], source: document.at(["spec", "providerID"]) } }),
    ...(version && {
      version: { value: version, source: document.at(["status", "nodeInfo", "kubeletVersion"]) },
    }),
  });
  const clusterId = noted("projectcalico.org/RouteReflectorClusterID");
  if (clusterId) facts.reflectors.push({ node: metadata.name, source: clusterId.source });
  if (noted("projectcalico.org/WireguardPublicKey") ?? noted("projectcalico.org/IPv4WireguardInterfaceAddr"))
    facts.notExpressed.push({
      what: `WireGuard encrypts the traffic of ${metadata.name}`,
      source: document.at([]),
    });
  if (noted("projectcalico.org/IPv6Address") ?? spec?.podCIDRs?.find((one) => one.includes(":")))
    facts.notExpressed.push({ what: `${metadata.name} has IPv6, too`, source: document.at([]) });
}

/** The values that are texts: those of labels are. */
const textsIn = (labels: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(labels).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );

const calico = object({
  metadata: object({ name: text(), labels: maybe(z.record(z.string(), z.unknown())) }),
  spec: maybe(
    object({
      addresses: maybe(list(object({ address: text(), type: maybe(text()) }))),
      bgp: maybe(
        object({
          ipv4Address: maybe(text()),
          ipv4IPIPTunnelAddr: maybe(text()),
          routeReflectorClusterID: maybe(text()),
          asNumber: maybe(z.unknown()),
        }),
      ),
      ipv4VXLANTunnelAddr: maybe(text()),
      wireguard: maybe(z.unknown()),
    }),
  ),
});

/** Reads a Node of `projectcalico.org/v3`, which calicoctl prints. */
export function readCalicoNode(document: Document, facts: Facts): void {
  const node = shaped(facts, document, calico, "Node");
  if (!node) return;
  const { metadata, spec } = node;
  const at = (...path: string[]) => document.at(["spec", ...path]);
  const recorded = spec?.bgp?.ipv4Address;
  const tunnel = spec?.bgp?.ipv4IPIPTunnelAddr ?? spec?.ipv4VXLANTunnelAddr;
  const internal = spec?.addresses?.find(({ type, address }) => type === "InternalIP" && isAddress(address));
  facts.nodes.push({
    name: metadata.name,
    source: document.at([]),
    ...(metadata.labels && { labels: textsIn(metadata.labels) }),
    ...(internal && { internalIp: { value: internal.address, source: at("addresses") } }),
    ...(recorded &&
      isIpv4(recorded) && { recorded: withPrefix({ value: recorded, source: at("bgp", "ipv4Address") }) }),
    ...(tunnel && { tunnel: { value: tunnel, source: at() } }),
  });
  const list = (what: string, source = document.at([])) => facts.notExpressed.push({ what, source });
  if (spec?.bgp?.routeReflectorClusterID)
    facts.reflectors.push({ node: metadata.name, source: at("bgp", "routeReflectorClusterID") });
  if (spec?.bgp?.asNumber !== undefined)
    list(`${metadata.name} has an AS number of its own`, at("bgp", "asNumber"));
  if (spec?.wireguard) list(`WireGuard encrypts the traffic of ${metadata.name}`, at("wireguard"));
}

/** Without a prefix length, Calico takes an address for a /32 (calico#2375). */
const withPrefix = ({ value, source }: Known<string>): NodeFact["recorded"] => ({
  value: value.includes("/") ? value : `${value}/32`,
  source,
});
