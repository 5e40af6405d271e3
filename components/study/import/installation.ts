/** The Installation of the Tigera operator, which makes IPPools of it. */
import { z } from "zod";
import { ENCAPSULATIONS, type Encapsulation } from "../../config";
import type { Document } from "./documents";
import { type Facts, know } from "./facts";
import { between, flag, list, maybe, number, object, positive, range, text } from "./fields";
import { shaped } from "./shape";

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
