/**
 * The facts of clouds whose subnets are no layer 2: every packet passes the cloud's router, which delivers by destination
 * address, whatever MAC address a node puts on it.
 *
 * The lab builds on none of these clouds. The facts are for existing machines there (`cloud: hosts`), and for the twin.
 * What these clouds' own firewalls let through is not modelled: the verdict names it as unknown.
 */
import type { Layer3Fabric } from "../config";
import { BOTH, type FabricFacts, PLAIN } from "./fabric-facts";

/** What a network has that is known to have no layer 2, and nothing else. */
const ANY: FabricFacts = {
  ...PLAIN,
  podRoutes: "give the router a route per node block",
  layer3: { reference: "https://docs.tigera.io/calico/latest/networking/configuring/vxlan-ipip" },
};

const ADVERTISE = "advertise each node's block as a subnet route, and approve it in the tailnet";

/** The facts of each fabric without a layer 2. */
export const LAYER3_FACTS: Record<Layer3Fabric, FabricFacts> = {
  l3: ANY,
  azure: {
    ...ANY,
    name: "Azure",
    // https://learn.microsoft.com/azure/virtual-network/virtual-network-tcpip-performance-tuning
    mtu: 1500,
    antiSpoofing: {
      name: "Azure's check of the network interface (IP forwarding is off)",
      checks: BOTH,
      fault: "source-dest-check",
      fix: "enable IP forwarding on the node's network interface",
      // "any network interface … that forwards network traffic to an address other than its own must have … Enable IP
      // forwarding": it disables Azure's check of source and destination.
      reference: "https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview",
    },
    gateway: "Azure virtual network",
    podRoutes: "give the subnets' route table (UDR) a route per node block",
    ownFirewall: "Azure's network security groups",
    // Reported with nodes of one subnet and VXLANCrossSubnet; VXLAN or user-defined routes help.
    layer3: { reference: "https://github.com/projectcalico/calico/issues/6568" },
    // Virtual network FAQ: multicast, broadcast, IP-in-IP and GRE are blocked. Also calicoctl#949, kops#17832.
    dropsIpip: {
      fix: "use VXLAN, whose UDP packets Azure carries",
      reference: "https://github.com/kubernetes/kops/pull/17832",
    },
  },
  gcp: {
    ...ANY,
    name: "Google Cloud",
    nic: "ens4",
    // https://cloud.google.com/vpc/docs/mtu: 1460 unless the network says otherwise, at most 8896.
    mtu: 1460,
    maxMtu: 8896,
    antiSpoofing: {
      name: "Google Cloud's check of the instance (canIpForward is off)",
      checks: BOTH,
      fault: "source-dest-check",
      fix: "create the instances with canIpForward",
      reference: "https://cloud.google.com/vpc/docs/using-routes#canipforward",
    },
    gateway: "VPC network",
    podRoutes: "give the VPC network a route per node block (or each node its block as an alias IP range)",
    // The rules of the network `default` allow TCP, UDP and ICMP between nodes, and not protocol 4 (`ipip`).
    ownFirewall: "the VPC network's firewall rules",
    // The netmask by DHCP is 255.255.255.255, unless the image has the guest OS feature MULTI_IP_SUBNET.
    layer3: { hostPrefix: 32, reference: "https://cloud.google.com/vpc/docs/alias-ip" },
  },
  hetzner: {
    ...ANY,
    name: "Hetzner Cloud",
    nic: "enp7s0",
    // https://docs.hetzner.com/cloud/networks/faq: 1450 on private interfaces.
    mtu: 1450,
    maxMtu: 1450,
    // No check of addresses: a server can be the network's gateway to the internet without any setting on its interface.
    gateway: "gateway of the Hetzner network",
    podRoutes: "give the Hetzner network a route per node block",
    // "Cloud subnet: layer 3. The servers are not directly connected." The only on-link route is 10.0.0.1/32.
    layer3: {
      hostPrefix: 32,
      reference: "https://docs.hetzner.com/networking/networks/technical-concepts/architecture",
    },
  },
  oci: {
    ...ANY,
    name: "Oracle Cloud",
    nic: "ens3",
    // https://docs.oracle.com/iaas/Content/Network/Troubleshoot/connectionhang.htm: 9000 on all VNICs.
    mtu: 9000,
    maxMtu: 9000,
    antiSpoofing: {
      name: "the VNIC's source/destination check",
      checks: BOTH,
      fault: "source-dest-check",
      fix: "skip the source/destination check on the node's VNIC",
      reference: "https://docs.oracle.com/iaas/Content/Network/Tasks/managingVNICs.htm",
    },
    gateway: "VCN router",
    podRoutes: "give the VCN's route table a route per node block",
    ownFirewall: "the VCN's security lists and network security groups",
    layer3: { reference: "https://docs.oracle.com/iaas/Content/Network/Tasks/managingroutetables.htm" },
    // https://www.oracle.com/cloud/networking/virtual-cloud-network/faq: from /16 to /30.
    prefixes: { min: 16, max: 30, why: "as OCI requires" },
  },
  tailscale: {
    ...ANY,
    name: "Tailscale",
    nic: "tailscale0",
    // https://tailscale.com/kb/1023/troubleshooting; tailscale#3836.
    mtu: 1280,
    antiSpoofing: {
      name: "WireGuard (AllowedIPs)",
      // A peer takes a packet only from the node that has its source address, or an approved route to it.
      checks: { out: [], in: ["source"] },
      followsRoutes: true,
      fix: ADVERTISE,
      reference: "https://tailscale.com/kb/1019/subnets",
    },
    gateway: "tailnet",
    podRoutes: ADVERTISE,
    ownFirewall: "the tailnet's policy",
    layer3: { hostPrefix: 32, reference: "https://github.com/k3s-io/k3s/issues/8372" },
    // A policy rule without `proto` is for TCP, UDP and ICMP only; protocol 4 has the name ip-in-ip.
    dropsIpip: {
      fix: 'use VXLAN, which needs no rule of its own, or allow "proto": "ip-in-ip" in the tailnet\'s policy',
      reference: "https://tailscale.com/kb/1337/acl-syntax",
    },
  },
};
