/** What each encapsulation means, as data: the one place from which routes, rules, MTU and the IPPool are derived. */
import type { Encapsulation } from "../config";

/** How packets between two nodes travel: inside a tunnel, or `direct` without one. */
export type Carrier = "ipip" | "vxlan" | "direct";

export interface EncapsulationFacts {
  /** The tunnel used where one is used. `None` has no tunnel. */
  tunnel: Exclude<Carrier, "direct"> | undefined;
  /** Whether the tunnel is left out between nodes of one subnet. */
  crossSubnet: boolean;
  /** IPPool fields of `projectcalico.org/v3`; the two modes exclude each other. */
  ipipMode: "Always" | "CrossSubnet" | "Never";
  vxlanMode: "Always" | "CrossSubnet" | "Never";
  /** Bytes the outer header takes: IPv4 20; IPv4 + UDP + VXLAN + Ethernet 50 (docs: networking/configuring/mtu). */
  overhead: 0 | 20 | 50;
  /**
   * Who programs the routes. BIRD up to Calico 3.32 for IPIP and None, hence "IPIP fails when TCP 179 is closed";
   * Felix for VXLAN, whose paths therefore need no BGP. Where BIRD runs, calico-node is ready only with its sessions up.
   */
  routesBy: "BIRD" | "Felix";
}

export const ENCAPSULATION_FACTS: Record<Encapsulation, EncapsulationFacts> = {
  IPIP: {
    tunnel: "ipip",
    crossSubnet: false,
    ipipMode: "Always",
    vxlanMode: "Never",
    overhead: 20,
    routesBy: "BIRD",
  },
  IPIPCrossSubnet: {
    tunnel: "ipip",
    crossSubnet: true,
    ipipMode: "CrossSubnet",
    vxlanMode: "Never",
    overhead: 20,
    routesBy: "BIRD",
  },
  VXLAN: {
    tunnel: "vxlan",
    crossSubnet: false,
    ipipMode: "Never",
    vxlanMode: "Always",
    overhead: 50,
    routesBy: "Felix",
  },
  VXLANCrossSubnet: {
    tunnel: "vxlan",
    crossSubnet: true,
    ipipMode: "Never",
    vxlanMode: "CrossSubnet",
    overhead: 50,
    routesBy: "Felix",
  },
  None: {
    tunnel: undefined,
    crossSubnet: false,
    ipipMode: "Never",
    vxlanMode: "Never",
    overhead: 0,
    routesBy: "BIRD",
  },
};

/** The tunnels as they appear on a node and on the wire. */
export const TUNNELS = {
  ipip: { device: "tunl0", wire: "IP protocol 4", filter: "ip proto 4" },
  vxlan: { device: "vxlan.calico", wire: "UDP 4789", filter: "udp port 4789" },
} as const;

/** Calico's VXLAN network identifier and port (FelixConfiguration `vxlanVNI`, `vxlanPort`). */
export const VXLAN = { vni: 4096, port: 4789 } as const;
