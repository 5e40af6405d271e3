/** Calico's own objects: of `projectcalico.org/v3` as calicoctl prints them, and of `crd.projectcalico.org/v1`. */
import { z } from "zod";
import { ENCAPSULATIONS, type Encapsulation } from "../../config";
import { AS_NUMBER, encapsulationOf } from "../../plan";
import type { Document } from "./documents";
import { type Facts, know } from "./facts";
import { between, flag, isAddress, list, maybe, number, object, range, text } from "./fields";
import { shaped } from "./shape";

const MODES = ["Always", "CrossSubnet", "Never"] as const;

/** The mode of a tunnel; undefined if it is none. Older releases also write it in lower case, or with a dash. */
export const modeIn = (given: string): (typeof MODES)[number] | undefined =>
  MODES.find((one) => one.toLowerCase() === given.toLowerCase().replace("-", ""));

/** An empty mode is `Never`. */
const mode = () =>
  maybe(
    z
      .string({ error: `must be one of ${MODES.join(", ")}` })
      .transform((given) => modeIn(given) ?? given)
      .transform((given) => (given === "" ? "Never" : given))
      .pipe(z.enum(MODES, { error: `must be one of ${MODES.join(", ")}` })),
  );

const ipPool = object({
  metadata: object({ name: text() }),
  spec: object({
    cidr: range(),
    blockSize: maybe(between(20, 128)),
    ipipMode: mode(),
    vxlanMode: mode(),
    natOutgoing: maybe(flag()),
    disabled: maybe(flag()),
    disableBGPExport: maybe(flag()),
    nodeSelector: maybe(text()),
    allowedUses: maybe(list(text())),
  }),
});

/** Reads an IPPool. Its defaults are those of the API: no tunnel, no NAT, blocks of /26. */
export function readIpPool(document: Document, facts: Facts): void {
  const pool = shaped(facts, document, ipPool, "IPPool");
  if (!pool) return;
  const { name } = pool.metadata;
  const {
    cidr,
    blockSize = 26,
    ipipMode = "Never",
    vxlanMode = "Never",
    nodeSelector,
    allowedUses,
  } = pool.spec;
  const source = document.at(["spec"]);
  const list = (what: string, key: string) =>
    facts.notExpressed.push({ what: `IPPool ${name}: ${what}`, source: document.at(["spec", key]) });
  if (cidr.includes(":")) {
    list(`its range ${cidr} is IPv6`, "cidr");
    return;
  }
  if (ipipMode !== "Never" && vxlanMode !== "Never") {
    const message = `IPPool ${name} has ipipMode ${ipipMode} and vxlanMode ${vxlanMode}: one of them must be Never`;
    facts.problems.push({ source: document.at(["spec", "vxlanMode"]), message });
    return;
  }
  facts.pools.push({
    name,
    cidr,
    blockSize,
    encapsulation: encapsulationOf({ ipipMode, vxlanMode }),
    natOutgoing: pool.spec.natOutgoing ?? false,
    exportsDisabled: pool.spec.disableBGPExport ?? false,
    disabled: pool.spec.disabled ?? false,
    ...(nodeSelector && { nodeSelector }),
    ...(allowedUses && { allowedUses }),
    rank: 0,
    source,
  });
}

const felix = object({
  metadata: object({ name: text() }),
  spec: maybe(
    object({
      bpfEnabled: maybe(flag()),
      wireguardEnabled: maybe(flag()),
      wireguardEnabledV6: maybe(flag()),
      ipipMTU: maybe(number()),
      vxlanMTU: maybe(number()),
      vxlanPort: maybe(number()),
      vxlanVNI: maybe(number()),
      ipipEnabled: maybe(flag()),
      vxlanEnabled: maybe(flag()),
      awsSrcDstCheck: maybe(text()),
      featureDetectOverride: maybe(text()),
      natOutgoingAddress: maybe(text()),
      programClusterRoutes: maybe(text()),
      nftablesMode: maybe(text()),
    }),
  ),
});

/** Reads a FelixConfiguration. */
export function readFelixConfiguration(document: Document, facts: Facts): void {
  const parsed = shaped(facts, document, felix, "FelixConfiguration");
  if (!parsed?.spec) return;
  const { spec } = parsed;
  const of = parsed.metadata.name === "default" ? "" : ` (of ${parsed.metadata.name})`;
  const at = (key: string) => document.at(["spec", key]);
  const list = (key: string, what: string) =>
    facts.notExpressed.push({ what: `${what}${of}`, source: at(key) });
  if (spec.bpfEnabled)
    list("bpfEnabled", "Felix uses eBPF, which replaces kube-proxy and the kernel's routing");
  if (spec.wireguardEnabled ?? spec.wireguardEnabledV6)
    list("wireguardEnabled", "WireGuard encrypts what pods send");
  if (spec.vxlanPort !== undefined && spec.vxlanPort !== 4789)
    list("vxlanPort", `VXLAN uses UDP ${spec.vxlanPort}; the lab uses 4789`);
  if (spec.vxlanVNI !== undefined && spec.vxlanVNI !== 4096)
    list("vxlanVNI", `VXLAN has the VNI ${spec.vxlanVNI}`);
  if (spec.ipipEnabled === false) list("ipipEnabled", "Felix is told not to set up tunl0");
  if (spec.vxlanEnabled === false) list("vxlanEnabled", "Felix is told not to set up vxlan.calico");
  if (spec.featureDetectOverride)
    list("featureDetectOverride", `featureDetectOverride: ${spec.featureDetectOverride}`);
  if (spec.natOutgoingAddress)
    list("natOutgoingAddress", `natOutgoing uses the address ${spec.natOutgoingAddress}`);
  if (spec.programClusterRoutes && spec.programClusterRoutes !== "Disabled")
    list("programClusterRoutes", "Felix, and not BIRD, programs the routes");
  if (of) return;
  know(facts, "awsSrcDstCheck", spec.awsSrcDstCheck, at("awsSrcDstCheck"));
  know(facts, "podMtu", positive(spec.ipipMTU), at("ipipMTU"));
  know(facts, "podMtu", positive(spec.vxlanMTU), at("vxlanMTU"));
}

/** 0 means that Calico finds it out. */
export const positive = (value: number | undefined): number | undefined =>
  value !== undefined && value > 0 ? value : undefined;

const bgpConfiguration = object({
  metadata: object({ name: text() }),
  spec: maybe(
    object({
      nodeToNodeMeshEnabled: maybe(flag()),
      asNumber: maybe(z.unknown()),
      serviceClusterIPs: maybe(list(z.unknown())),
      serviceExternalIPs: maybe(list(z.unknown())),
      serviceLoadBalancerIPs: maybe(list(z.unknown())),
      listenPort: maybe(number()),
      programClusterRoutes: maybe(text()),
      bindMode: maybe(text()),
    }),
  ),
});

/** Reads a BGPConfiguration. */
export function readBgpConfiguration(document: Document, facts: Facts): void {
  const parsed = shaped(facts, document, bgpConfiguration, "BGPConfiguration");
  if (!parsed?.spec) return;
  const { spec } = parsed;
  const at = (key: string) => document.at(["spec", key]);
  const list = (key: string, what: string) => facts.notExpressed.push({ what, source: at(key) });
  if (parsed.metadata.name === "default")
    know(facts, "mesh", spec.nodeToNodeMeshEnabled, at("nodeToNodeMeshEnabled"));
  if (spec.asNumber !== undefined && Number(spec.asNumber) !== AS_NUMBER)
    know(facts, "asNumber", asNumberOf(spec.asNumber), at("asNumber"));
  if (spec.listenPort !== undefined && spec.listenPort !== 179)
    list("listenPort", `BIRD listens on TCP ${spec.listenPort}; the lab's on 179`);
  for (const key of ["serviceClusterIPs", "serviceExternalIPs", "serviceLoadBalancerIPs"] as const)
    if (spec[key]?.length) list(key, `BGP tells the addresses of Services (${key})`);
  if (spec.programClusterRoutes && spec.programClusterRoutes !== "Enabled")
    list("programClusterRoutes", "Felix, and not BIRD, programs the routes");
}

/** As a number, or in two parts with a dot (RFC 5396). */
function asNumberOf(value: unknown): number | undefined {
  const [, high = "0", low] = /^(?:(\d{1,5})\.)?(\d{1,10})$/.exec(String(value)) ?? [];
  const number = Number(high) * 2 ** 16 + Number(low);
  return number >= 1 && number < 2 ** 32 - 1 ? number : undefined;
}

const bgpPeer = object({
  metadata: object({ name: text() }),
  spec: maybe(
    object({
      peerIP: maybe(text()),
      peerSelector: maybe(text()),
      asNumber: maybe(z.unknown()),
      keepOriginalNextHop: maybe(flag()),
    }),
  ),
});

/** Reads a BGPPeer. */
export function readBgpPeer(document: Document, facts: Facts): void {
  const peer = shaped(facts, document, bgpPeer, "BGPPeer");
  if (!peer) return;
  const { peerIP, peerSelector, asNumber, keepOriginalNextHop = false } = peer.spec ?? {};
  facts.peers.push({
    name: peer.metadata.name,
    ...(peerIP !== undefined && isAddress(peerIP) && { ip: peerIP }),
    ...(peerSelector && { selector: peerSelector }),
    ...(asNumberOf(asNumber) !== undefined && { asNumber: asNumberOf(asNumber) }),
    keepsNextHop: keepOriginalNextHop,
    source: document.at([]),
  });
}

const block = object({
  spec: object({
    cidr: range(),
    affinity: maybe(text()),
    node: maybe(text()),
    state: maybe(text()),
    deleted: maybe(z.unknown()),
  }),
});

/** Reads an IPAMBlock or a BlockAffinity. */
export function readBlock(document: Document, facts: Facts): void {
  const parsed = shaped(facts, document, block, "IPAM block");
  if (!parsed) return;
  const { cidr, affinity, node = affinity?.replace(/^host:/, "") } = parsed.spec;
  if (cidr.includes(":") || node === undefined) return;
  facts.blocks.push({ cidr, node, source: document.at(["spec"]) });
}

const installation = object({
  spec: maybe(
    object({
      cni: maybe(object({ type: maybe(text()) })),
      calicoNetwork: maybe(
        object({
          bgp: maybe(z.enum(["Enabled", "Disabled"], { error: "must be one of Enabled, Disabled" })),
          mtu: maybe(number()),
          linuxDataplane: maybe(text()),
          ipPools: maybe(
            list(
              object({
                name: maybe(text()),
                cidr: range(),
                encapsulation: maybe(
                  z.enum(ENCAPSULATIONS, { error: `must be one of ${ENCAPSULATIONS.join(", ")}` }),
                ),
                natOutgoing: maybe(
                  z.union([
                    z.enum(["Enabled", "Disabled"]).transform((value) => value === "Enabled"),
                    flag(),
                  ]),
                ),
                blockSize: maybe(between(20, 128)),
                nodeSelector: maybe(text()),
              }),
            ),
          ),
        }),
      ),
    }),
  ),
});

/** Reads the operator's Installation. Its defaults are those of the operator: IPIP, NAT, blocks of /26. */
export function readInstallation(document: Document, facts: Facts): void {
  const parsed = shaped(facts, document, installation, "Installation");
  const network = parsed?.spec?.calicoNetwork;
  const at = (...path: (string | number)[]) => document.at(["spec", "calicoNetwork", ...path]);
  const list = (what: string, source = at()) => facts.notExpressed.push({ what, source });
  const { type = "Calico" } = parsed?.spec?.cni ?? {};
  if (type !== "Calico")
    list(
      `the CNI plug-in is ${type}: pods get their network from it, not from Calico`,
      document.at(["spec", "cni", "type"]),
    );
  if (!network) return;
  if (network.linuxDataplane && !/^(Iptables|Nftables)$/.test(network.linuxDataplane))
    list(`the data plane is ${network.linuxDataplane}; the lab has the kernel's own`, at("linuxDataplane"));
  know(facts, "bgp", network.bgp, at("bgp"));
  know(facts, "podMtu", positive(network.mtu), at("mtu"));
  network.ipPools?.forEach((pool, i) => {
    const { cidr, blockSize = 26, natOutgoing = true, nodeSelector } = pool;
    const name = pool.name ?? `${i + 1} of the Installation`;
    const source = at("ipPools", i);
    const encapsulation: Encapsulation = pool.encapsulation ?? "IPIP";
    if (cidr.includes(":")) list(`IPPool ${name}: its range ${cidr} is IPv6`, source);
    else
      facts.pools.push({
        name,
        cidr,
        blockSize,
        natOutgoing,
        encapsulation,
        disabled: false,
        ...(nodeSelector && { nodeSelector }),
        rank: 1,
        source,
      });
  });
}

const information = object({ spec: maybe(object({ calicoVersion: maybe(text()) })) });

/** Reads the ClusterInformation: which release runs. */
export function readClusterInformation(document: Document, facts: Facts): void {
  const parsed = shaped(facts, document, information, "ClusterInformation");
  know(facts, "calico", parsed?.spec?.calicoVersion, document.at(["spec", "calicoVersion"]));
}

/** Counts what the lab has no config for: policies, and the protection of hosts. */
export function readPolicy(document: Document, facts: Facts): void {
  const { kind, metadata } = document.value as {
    kind?: string;
    metadata?: { name?: unknown; namespace?: unknown };
  };
  const name = [metadata?.namespace, metadata?.name].filter((part) => typeof part === "string").join("/");
  facts.notExpressed.push({ what: `${kind} ${name}: the lab has no policies`, source: document.at([]) });
}
