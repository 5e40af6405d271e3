/** The values of the keys that take one of a few names. */

/** Calico's encapsulations, as its operator names them (`Installation.spec.calicoNetwork.ipPools[].encapsulation`). */
export const ENCAPSULATIONS = ["IPIP", "IPIPCrossSubnet", "VXLAN", "VXLANCrossSubnet", "None"] as const;
/** One of the {@link ENCAPSULATIONS}. */
export type Encapsulation = (typeof ENCAPSULATIONS)[number];

/** Where a lab's nodes come from. */
export const CLOUDS = ["aws", "openstack", "hosts", "twin"] as const;
/** One of the {@link CLOUDS}. */
export type Cloud = (typeof CLOUDS)[number];

/** Fabrics whose subnets are no layer 2: any such network, and clouds that have one. */
export const LAYER3_FABRICS = ["l3", "azure", "gcp", "hetzner", "oci", "tailscale"] as const;
/** One of the {@link LAYER3_FABRICS}. */
export type Layer3Fabric = (typeof LAYER3_FABRICS)[number];

/** Whose network rules apply to the nodes. `plain` has none. */
export const FABRICS = ["aws", "openstack", "plain", ...LAYER3_FABRICS] as const;
/** One of the {@link FABRICS}. */
export type Fabric = (typeof FABRICS)[number];

/** What runs below Neutron: OVN, or the Open vSwitch (or Linux bridge) agent with the L3 agent. */
export const NEUTRON_BACKENDS = ["ovn", "ovs"] as const;
/** One of the {@link NEUTRON_BACKENDS}. */
export type NeutronBackend = (typeof NEUTRON_BACKENDS)[number];

/** Who exchanges routes by BGP: every two nodes, each node with the route reflectors, or nodes without BIRD. */
export const BGP_MODES = ["mesh", "routeReflectors", "Disabled"] as const;

/** How the gateway between the subnets learns the nodes' blocks: not at all, by static routes, or by BGP. */
export const POD_ROUTES = ["none", "static", "bgp"] as const;

/** Deliberate, named defects. Removing a name from the list undoes its defect. */
export const FAULTS = [
  "bgp-blocked",
  "ipip-blocked",
  "vxlan-blocked",
  "pod-cidr-blocked",
  "source-dest-check",
  "port-security",
  "mtu-too-big",
  "node-as-32",
  "node-ip-wrong-interface",
  "reflector-down",
  "ip-forward-off",
  "rp-filter-strict",
  "host-firewall-forward-drop",
  "host-firewall-reject",
  "nat-missing",
  "link-mtu-smaller",
  "mtu-black-hole",
  "vxlan-checksum",
  "dns-loop",
  "tenant-port-unplugged",
  "ipsec-nobody-initiates",
  "ipsec-psk-mismatch",
  "ipsec-proposal-mismatch",
  "ipsec-route-missing",
  "ipsec-selectors-too-narrow",
  "ipsec-rekey-lost",
] as const;
/** One of the {@link FAULTS}. */
export type Fault = (typeof FAULTS)[number];

/** Seen from the node that has a fault: packets that come `in`, or that go `out`. */
export const DIRECTIONS = ["in", "out"] as const;
/** One of the {@link DIRECTIONS}. */
export type Direction = (typeof DIRECTIONS)[number];

/**
 * What stands in for the cloud when the config's plan is rehearsed on this machine: the network twin, or a real cluster in
 * node containers.
 */
export const STAND_INS = ["twin", "containers"] as const;

/** kube-proxy's modes; `ipvs` is deprecated upstream since Kubernetes 1.35. */
export const PROXY_MODES = ["iptables", "nftables", "ipvs"] as const;

/** What a node is in its cluster. Exactly one node of a lab is the control plane. */
export const ROLES = ["control-plane", "worker"] as const;
