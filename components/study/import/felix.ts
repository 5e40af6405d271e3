/** Felix's settings. */
import type { Document } from "./documents";
import { type Facts, know } from "./facts";
import { flag, maybe, number, object, positive, text } from "./fields";
import { shaped } from "./shape";

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
