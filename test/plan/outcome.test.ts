/**
 * What works in labs of every kind, written out: the twin saw the same with real packets (matrix.twin.ts and the matrix of
 * npm run test:matrix hold each such prediction against them), and a real OVN and EC2's documentation say it of the clouds.
 * Other tests compare verdicts with each other, and do not see a mistake that is in both.
 */
import assert from "node:assert/strict";
import { judge, rowKey } from "../../components/plan";
import { planOf, type RawConfig } from "../support/problems";
import { ROWS } from "../support/verdicts";

const SHORT: Record<string, string> = { "IPIP-CS": "IPIPCrossSubnet", "VXLAN-CS": "VXLANCrossSubnet" };

/**
 * Of each network the faults, each with its outcomes and the encapsulations that have these. A letter per probe: of a ping
 * (to a Service a datagram), of TCP, and of the largest packet; `w` works, `f` fails.
 */
const NETWORKS: [network: string, raw: RawConfig, table: string][] = [
  [
    "plain machines",
    {},
    `
      healthy                    | www www www www www www www www www w w w www | IPIP IPIP-CS VXLAN VXLAN-CS
                                 | www www fff www www www fff www fff w f w www | None
      node-ip-wrong-interface    | www fff fff www www fff fff fff fff f f w www | IPIP IPIP-CS VXLAN VXLAN-CS None
      ip-forward-off             | fff fff fff fff fff fff fff fff fff f f f fff | IPIP IPIP-CS VXLAN VXLAN-CS None
      rp-filter-strict           | www www www www www www www www www w w w www | IPIP IPIP-CS VXLAN VXLAN-CS
                                 | www www fff www www www fff www fff w f w www | None
      host-firewall-forward-drop | fff fff fff fff fff fff fff fff fff f f f fff | IPIP IPIP-CS VXLAN VXLAN-CS None
      host-firewall-reject       | www fff fff wfw wfw fff fff fff fff f f w www | IPIP IPIP-CS VXLAN None
                                 | www www fff wfw wfw www fff www fff w f w www | VXLAN-CS
      nat-missing                | www www www www www www www www www w w w fff | IPIP IPIP-CS VXLAN VXLAN-CS
                                 | www www fff www fff www fff www fff w f w fff | None
      link-mtu-smaller           | www wwf wwf wwf wwf wwf wwf wwf wwf w w w wwf | IPIP IPIP-CS VXLAN VXLAN-CS
                                 | www wwf fff wwf wwf wwf fff wwf fff w f w wwf | None
      mtu-black-hole             | www www wwf www wwf www wwf www wwf w w w www | IPIP IPIP-CS VXLAN VXLAN-CS
                                 | www www fff www wwf www fff www fff w f w www | None
      vxlan-checksum             | www www www www www www www www www w w w www | IPIP IPIP-CS
                                 | www wfw wfw www www wfw wfw fff fff f f w www | VXLAN
                                 | www www wfw www www www wfw www fff w f w www | VXLAN-CS
                                 | www www fff www www www fff www fff w f w www | None
      dns-loop                   | www www www www www www www fwf fwf w w w www | IPIP IPIP-CS VXLAN VXLAN-CS
                                 | www www fff www www www fff fwf fff w f w www | None
      bgp-blocked                | www fff fff www www fff fff fff fff f f w www | IPIP IPIP-CS None
                                 | www www www www www www www www www w w w www | VXLAN VXLAN-CS
      ipip-blocked               | www fff fff www www fff fff fff fff f f w www | IPIP
                                 | www www fff www www www fff www fff w f w www | IPIP-CS None
                                 | www www www www www www www www www w w w www | VXLAN VXLAN-CS
      vxlan-blocked              | www www www www www www www www www w w w www | IPIP IPIP-CS
                                 | www fff fff www www fff fff fff fff f f w www | VXLAN
                                 | www www fff www www www fff www fff w f w www | VXLAN-CS None
      mtu-too-big                | www wwf wwf www www www www wwf wwf w w w www | IPIP VXLAN
                                 | www www wwf www www www www www wwf w w w www | IPIP-CS VXLAN-CS
                                 | www www fff www www www fff www fff w f w www | None
      node-as-32                 | www www www www www www www www www w w w www | IPIP IPIP-CS VXLAN VXLAN-CS
                                 | www www fff www www www fff www fff w f w www | None
    `,
  ],
  [
    "plain machines, whose router has a route per block",
    { podRoutes: true },
    `
      node-ip-wrong-interface    | www www www www www www www www www w w w www | IPIP IPIP-CS None
                                 | www fff fff www www fff fff fff fff f f w www | VXLAN VXLAN-CS
      host-firewall-reject       | www www www wfw wfw www www www www w w w www | IPIP IPIP-CS None
                                 | www fff fff wfw wfw fff fff fff fff f f w www | VXLAN
                                 | www www fff wfw wfw www fff www fff w f w www | VXLAN-CS
      link-mtu-smaller           | www wwf wwf wwf wwf wwf wwf wwf wwf w w w wwf | IPIP IPIP-CS VXLAN VXLAN-CS None
      mtu-black-hole             | www www wwf www wwf www wwf www wwf w w w www | IPIP IPIP-CS VXLAN VXLAN-CS None
      bgp-blocked                | www www www www www www www www www w w w www | IPIP IPIP-CS VXLAN VXLAN-CS None
    `,
  ],
  [
    "plain machines, without NAT",
    { natOutgoing: false },
    `
      healthy                    | www www www www www www www www www w w w fff | IPIP IPIP-CS VXLAN VXLAN-CS
                                 | www www fff www fff www fff www fff w f w fff | None
      rp-filter-strict           | www www www fff fff www www www www w w w fff | IPIP VXLAN
                                 | www www www www fff www www www www w w w fff | IPIP-CS VXLAN-CS
                                 | www www fff www fff www fff www fff w f w fff | None
    `,
  ],
  [
    "EC2",
    { fabric: "aws" },
    `
      healthy                    | www www www www www www www www www w w w www | IPIP IPIP-CS VXLAN VXLAN-CS
                                 | www www fff www www www fff www fff w f w www | None
      bgp-blocked                | www fff fff www www fff fff fff fff f f w www | IPIP IPIP-CS None
                                 | www www www www www www www www www w w w www | VXLAN VXLAN-CS
      ipip-blocked               | www fff fff www www fff fff fff fff f f w www | IPIP
                                 | www www fff www www www fff www fff w f w www | IPIP-CS None
                                 | www www www www www www www www www w w w www | VXLAN VXLAN-CS
      vxlan-blocked              | www www www www www www www www www w w w www | IPIP IPIP-CS
                                 | www fff fff www www fff fff fff fff f f w www | VXLAN
                                 | www www fff www www www fff www fff w f w www | VXLAN-CS None
      pod-cidr-blocked           | www www www www www www www www www w w w www | IPIP VXLAN
                                 | www fff www www www www www fff www w w w www | IPIP-CS VXLAN-CS
                                 | www fff fff www www www fff fff fff w f w www | None
      source-dest-check          | www www www www www www www www www w w w www | IPIP VXLAN
                                 | www fff www www www fff www fff www f w w www | IPIP-CS VXLAN-CS
                                 | www fff fff www www fff fff fff fff f f w www | None
      node-as-32                 | www www www www www www www www www w w w www | IPIP IPIP-CS VXLAN VXLAN-CS
                                 | www www fff www www www fff www fff w f w www | None
      host-firewall-reject       | www fff fff wfw wfw fff fff fff fff f f w www | IPIP IPIP-CS VXLAN None
                                 | www www fff wfw wfw www fff www fff w f w www | VXLAN-CS
    `,
  ],
  [
    "EC2, without NAT",
    { fabric: "aws", natOutgoing: false },
    `
      healthy                    | www www www www www www www www www w w w fff | IPIP IPIP-CS VXLAN VXLAN-CS
                                 | www www fff www fff www fff www fff w f w fff | None
      source-dest-check          | www www www fff fff www www www www w w w fff | IPIP VXLAN
                                 | www fff www fff fff fff www fff www f w w fff | IPIP-CS VXLAN-CS
                                 | www fff fff fff fff fff fff fff fff f f w fff | None
      pod-cidr-blocked           | www www www fff fff www www www www w w w fff | IPIP VXLAN
                                 | www fff www fff fff www www fff www w w w fff | IPIP-CS VXLAN-CS
                                 | www fff fff fff fff www fff fff fff w f w fff | None
    `,
  ],
  [
    "EC2, with a route per block",
    { fabric: "aws", podRoutes: true },
    `
      healthy                    | www www www www www www www www www w w w www | IPIP IPIP-CS VXLAN VXLAN-CS None
      source-dest-check          | www www www www www www www www www w w w www | IPIP VXLAN
                                 | www fff www www www fff www fff www f w w www | IPIP-CS VXLAN-CS
                                 | www fff fff www www fff fff fff fff f f w www | None
      pod-cidr-blocked           | www www www www www www www www www w w w www | IPIP VXLAN
                                 | www fff www www www www www fff www w w w www | IPIP-CS VXLAN-CS
                                 | www fff fff www www www www fff fff w w w www | None
    `,
  ],
  [
    "Neutron with OVN, without NAT",
    { fabric: "openstack", natOutgoing: false },
    `
      healthy                    | www www www www www www www www www w w w fff | IPIP IPIP-CS VXLAN VXLAN-CS
                                 | www www fff www fff www fff www fff w f w fff | None
      port-security              | www www www fff fff www www www www w w w fff | IPIP VXLAN
                                 | www fff www fff fff fff www fff www f w w fff | IPIP-CS VXLAN-CS
                                 | www fff fff fff fff fff fff fff fff f f w fff | None
      pod-cidr-blocked           | www www www fff fff www www www www w w w fff | IPIP VXLAN
                                 | www fff www fff fff www www fff www w w w fff | IPIP-CS VXLAN-CS
                                 | www fff fff fff fff www fff fff fff w f w fff | None
    `,
  ],
  [
    "Neutron with ML2/OVS, without NAT",
    { fabric: "openstack", natOutgoing: false, openstack: { backend: "ovs" } },
    `
      healthy                    | www www www www www www www www www w w w fff | IPIP IPIP-CS VXLAN VXLAN-CS
                                 | www www fff www fff www fff www fff w f w fff | None
      port-security              | www www www fff fff www www www www w w w fff | IPIP VXLAN
                                 | www fff www fff fff fff www fff www f w w fff | IPIP-CS VXLAN-CS
                                 | www fff fff fff fff fff fff fff fff f f w fff | None
      pod-cidr-blocked           | www www www www www www www www www w w w fff | IPIP IPIP-CS VXLAN VXLAN-CS
                                 | www www fff www fff www fff www fff w f w fff | None
    `,
  ],
  [
    "Azure",
    { fabric: "azure" },
    `
      healthy                    | www fff fff www www fff fff fff fff f f w www | IPIP IPIP-CS None
                                 | www www www www www www www www www w w w www | VXLAN
                                 | www fff www www www fff www fff www f w w www | VXLAN-CS
      source-dest-check          | www fff fff www www fff fff fff fff f f w www | IPIP IPIP-CS None
                                 | www www www www www www www www www w w w www | VXLAN
                                 | www fff www www www fff www fff www f w w www | VXLAN-CS
    `,
  ],
  [
    "Tailscale",
    { fabric: "tailscale" },
    `
      healthy                    | www fff fff www www fff fff fff fff f f w www | IPIP IPIP-CS None
                                 | www www www www www www www www www w w w www | VXLAN VXLAN-CS
    `,
  ],
  [
    "Tailscale, with a route per block",
    { fabric: "tailscale", podRoutes: true },
    `
      healthy                    | www fff fff www www fff fff fff fff f f w www | IPIP IPIP-CS
                                 | www www www www www www www www www w w w www | VXLAN VXLAN-CS None
    `,
  ],
  [
    "Hetzner",
    { fabric: "hetzner" },
    `
      healthy                    | www www www www www www www www www w w w www | IPIP IPIP-CS VXLAN VXLAN-CS
                                 | www fff fff www www fff fff fff fff f f w www | None
    `,
  ],
];

describe("the outcome of every path", () => {
  const seen = (raw: RawConfig) => {
    const rows = new Map<string, string>();
    for (const row of judge(planOf(raw)).paths)
      rows.set(rowKey(row), `${rows.get(rowKey(row)) ?? ""}${row.outcome === "works" ? "w" : "f"}`);
    return rows;
  };
  for (const [network, raw, table] of NETWORKS) {
    let fault = "";
    for (const line of table.trim().split("\n")) {
      const [name = "", letters = "", modes = ""] = line.split("|").map((cell) => cell.trim());
      fault = name || fault;
      for (const mode of modes.split(" ")) {
        const encapsulation = SHORT[mode] ?? mode;
        const faults = fault === "healthy" ? [] : [fault];
        it(`is the documented one: ${network}, ${fault}, ${encapsulation}`, () => {
          const rows = seen({ ...raw, encapsulation, faults });
          assert.deepEqual([...rows.keys()], ROWS);
          assert.equal([...rows.values()].join(" "), letters);
        });
      }
    }
  }
});
