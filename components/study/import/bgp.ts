/** BGP's settings in Calico, and the peers that it names. */
import { z } from "zod";
import { AS_NUMBER } from "../../plan";
import type { Document } from "./documents";
import { type Facts, know } from "./facts";
import { flag, isAddress, list, maybe, number, object, text } from "./fields";
import { shaped } from "./shape";

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
