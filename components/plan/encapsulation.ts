/** What each encapsulation means, as data. Routes, firewall rules, MTU and the IPPool are all derived from it. */
import { ENCAPSULATIONS, type Encapsulation } from "../config";

/** How packets between two nodes travel: inside a tunnel, or `direct` without one. */
export type Carrier = "ipip" | "vxlan" | "direct";
/** The kinds of tunnel. */
export type TunnelKind = Exclude<Carrier, "direct">;

/** What an encapsulation means. */
export interface EncapsulationFacts {
  /** The kind of tunnel; undefined for `None`, which has no tunnel. */
  tunnel: TunnelKind | undefined;
  /** Whether nodes of the same subnet send to each other without the tunnel. */
  crossSubnet: boolean;
  /** IPPool fields of `projectcalico.org/v3`. At least one of the two modes is `Never`. */
  ipipMode: "Always" | "CrossSubnet" | "Never";
  vxlanMode: "Always" | "CrossSubnet" | "Never";
  /** Bytes of the outer header: IPv4 20; IPv4 + UDP + VXLAN + Ethernet 50 (docs: networking/configuring/mtu). */
  overhead: 0 | 20 | 50;
  /**
   * Who programs the routes. For IPIP and None it is BIRD, up to Calico 3.32: these fail when TCP 179 is closed. For
   * VXLAN it is Felix, so no path needs BGP. Wherever BIRD runs, calico-node is ready only when its sessions are up.
   */
  routesBy: "BIRD" | "Felix";
}

/** The facts of each encapsulation. */
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

/** The tunnels as they appear on a node and on the wire; `filter` is for tcpdump, `overhead` in bytes. */
export const TUNNELS = {
  ipip: {
    device: "tunl0",
    wire: "IP protocol 4",
    filter: "ip proto 4",
    overhead: ENCAPSULATION_FACTS.IPIP.overhead,
  },
  vxlan: {
    device: "vxlan.calico",
    wire: "UDP 4789",
    filter: "udp port 4789",
    overhead: ENCAPSULATION_FACTS.VXLAN.overhead,
  },
} as const;

/** Calico's VXLAN network identifier and port (FelixConfiguration `vxlanVNI`, `vxlanPort`). */
export const VXLAN = { vni: 4096, port: 4789 } as const;

/** The encapsulation that an IPPool's two modes stand for. Each encapsulation has its own pair of modes. */
export const encapsulationOf = (pool: Pick<EncapsulationFacts, "ipipMode" | "vxlanMode">): Encapsulation =>
  ENCAPSULATIONS.find((name) => {
    const { ipipMode, vxlanMode } = ENCAPSULATION_FACTS[name];
    return ipipMode === pool.ipipMode && vxlanMode === pool.vxlanMode;
  }) as Encapsulation;
