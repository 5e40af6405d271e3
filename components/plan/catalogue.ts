/** The catalogue of faults: how people report each one, what to look for, and how to fix it. stacks/faults.md is made of it. */
import type { Fault } from "../config";

/** A fault as its reports describe it. */
export interface CatalogueEntry {
  /** What people see, in the words of their reports. */
  symptom: string;
  /** Why it happens. */
  cause: string;
  /** What proves it, as a command and what it shows. */
  evidence: string;
  /** How to fix it outside the lab, as an instruction. */
  fix: string;
  /** URL of a report or of the documentation. */
  reference: string;
}

const CALICO = "https://github.com/projectcalico/calico/issues";
const KERNEL = "https://docs.kernel.org/networking/ip-sysctl.html";

/** Every fault's entry. */
export const CATALOGUE: Record<Fault, CatalogueEntry> = {
  "bgp-blocked": {
    symptom: "calico-node is 0/1: BIRD is not ready: BGP not established with 10.0.3.11",
    cause:
      "a security group or a node's firewall drops TCP 179, so nodes learn no routes to each other's pods",
    evidence: "`birdc show protocols` says Connect or Active; `ip route` has no line with `proto bird`",
    fix: "allow TCP 179 between the nodes",
    reference: `${CALICO}/3309`,
  },
  "ipip-blocked": {
    symptom:
      "nodes are Ready, pods on different nodes do not reach each other; sometimes only in one direction",
    cause:
      "a security group or a node's firewall drops IP protocol 4; a stateful one lets it pass after the other node has sent some",
    evidence: "`tcpdump -ni eth0 'ip proto 4'` shows packets leave one node and not arrive at the other",
    fix: "allow IP protocol 4 (not 94) between the nodes",
    reference: `${CALICO}/1996`,
  },
  "vxlan-blocked": {
    symptom: "nodes are Ready, pods on different nodes do not reach each other, DNS fails on most nodes",
    cause: "a security group or a node's firewall drops UDP 4789",
    evidence: "`tcpdump -ni eth0 udp port 4789` shows packets leave one node and not arrive at the other",
    fix: "allow UDP 4789 between the nodes",
    reference: "https://github.com/kubernetes-sigs/cluster-api-provider-aws/issues/1744",
  },
  "pod-cidr-blocked": {
    symptom:
      "without encapsulation, packets of pods do not arrive, although the group allows everything from itself",
    cause: "a rule that names the group matches the nodes' addresses, and these packets have a pod's",
    evidence: "`tcpdump -ni eth0` on the sender shows the pod's address; the receiver sees nothing",
    fix: "allow the pod CIDR as a prefix",
    reference: "https://github.com/antrea-io/antrea/issues/1080",
  },
  "source-dest-check": {
    symptom:
      "on EC2, pods on different nodes do not reach each other without encapsulation or with CrossSubnet",
    cause: "EC2 drops a packet whose address is not the instance's own",
    evidence: "`aws ec2 describe-instance-attribute --attribute sourceDestCheck` says true",
    fix: "turn the instance's source/dest check off",
    reference:
      "https://docs.aws.amazon.com/vpc/latest/userguide/VPC_NAT_Instance.html#EIP_Disable_SrcDestCheck",
  },
  "port-security": {
    symptom:
      "on OpenStack, pods on different nodes do not reach each other without encapsulation or with CrossSubnet",
    cause: "Neutron drops a packet whose address is neither the port's nor in its allowed address pairs",
    evidence: "`openstack port show` lists no pod CIDR under allowed_address_pairs",
    fix: "put the pod CIDR into the port's allowed address pairs",
    reference: `${CALICO}/1235`,
  },
  "mtu-too-big": {
    symptom: "ping and small requests work, large answers hang or are slow",
    cause: "the pods' MTU leaves the tunnel's header no room",
    evidence: "`ping -M do -s 1472` from a pod fails; `ip link` shows pods with the MTU of the node's NIC",
    fix: "give pods the link's MTU minus the tunnel's header",
    reference: "https://docs.tigera.io/calico/latest/networking/configuring/mtu",
  },
  "node-as-32": {
    symptom: "CrossSubnet tunnels everything, also inside a subnet",
    cause: "Calico has recorded the node's address as /32, so no other node is in its subnet",
    evidence: "`kubectl get node -o yaml` shows projectcalico.org/IPv4Address with /32",
    fix: "let Calico detect the address by interface or CIDR, with its prefix length",
    reference: `${CALICO}/4254`,
  },
  "node-ip-wrong-interface": {
    symptom:
      "calico-node is 0/1: BGP not established with an address that is no node's; pods on different nodes do not reach each other",
    cause:
      "Calico has recorded the address of another interface (a VPN, docker0, VirtualBox' 10.0.2.15), to which no other node has a way",
    evidence:
      "`calicoctl get nodes -o wide` shows an address that `kubectl get nodes -o wide` does not show as INTERNAL-IP",
    fix: "let Calico choose by IP_AUTODETECTION_METHOD=kubernetes-internal-ip, or by cidr= with the nodes' subnets",
    reference: `${CALICO}/8607`,
  },
  "reflector-down": {
    symptom:
      "after a route reflector was drained or rebooted, its pods are out of reach; with the last one, every route `proto bird` is gone from all nodes",
    cause:
      "BIRD (calico-node) does not run on a route reflector: the nodes have no session with it, and learn only what another reflector tells them",
    evidence:
      "`birdc show protocols` on another node says Connect or Active beside the reflector's address; `ip route` has no line with `proto bird` when none is left",
    fix: "start calico-node on the reflector again, and have at least two route reflectors, on nodes that fail separately",
    reference: "https://docs.tigera.io/calico/latest/networking/configuring/bgp",
  },
  "ip-forward-off": {
    symptom:
      "no pod of a node reaches anything, not even the next pod, while the node itself reaches everything",
    cause:
      "net.ipv4.ip_forward is 0: a hardening rule, or a sysctl file that is applied after Kubernetes' own",
    evidence: "`sysctl net.ipv4.ip_forward` is 0; `nstat -az IpInAddrErrors` grows",
    fix: "make net.ipv4.ip_forward 1 in /etc/sysctl.d, in the file that is read last",
    reference:
      "https://kubernetes.io/docs/setup/production-environment/container-runtimes/#prerequisite-ipv4-forwarding-optional",
  },
  "rp-filter-strict": {
    symptom:
      "pods do not reach other nodes' addresses, or only some pods fail, although tcpdump sees their packets arrive",
    cause:
      "the packet comes in by one device and its answer would leave by another, which a strict filter drops as spoofed",
    evidence: "`nstat -az TcpExtIPReversePathFilter` grows; `sysctl net.ipv4.conf.all.rp_filter` is 1",
    fix: "make rp_filter 2 (loose) for all, default and the device",
    reference: KERNEL,
  },
  "host-firewall-forward-drop": {
    symptom: "pods reach nothing outside their own, although every port that the documentation names is open",
    cause:
      "a firewall's own chain drops forwarded packets: ufw's DEFAULT_FORWARD_POLICY, firewalld, or Docker's FORWARD policy",
    evidence: "`nft list ruleset` or `iptables -L FORWARD -v` has a drop whose counter grows",
    fix: "let the firewall forward the pod CIDR, or turn the firewall off",
    reference: "https://docs.docker.com/engine/network/packet-filtering-firewalls/",
  },
  "host-firewall-reject": {
    symptom: "ping between nodes works, and everything else says: No route to host",
    cause:
      "the image's firewall ends with REJECT icmp-host-prohibited and lets only SSH, ICMP and answers in (Oracle Cloud's images)",
    evidence: "`tcpdump -ni eth0 icmp` shows: host 10.0.3.11 unreachable - admin prohibited",
    fix: "remove the REJECT rule, or allow what Calico and Kubernetes need before it",
    reference: "https://github.com/vmware-archive/wardroom/issues/201",
  },
  "nat-missing": {
    symptom: "pods reach each other but not the internet, since the firewall was reloaded",
    cause:
      "the rule that gives a pod's packet its node's address is gone: something has flushed the nat table",
    evidence:
      "`iptables -t nat -L cali-nat-outgoing` has no MASQUERADE; tcpdump shows the pod's address on the NIC",
    fix: "restart calico-node on the node, and keep other programs from flushing the nat table",
    reference: "https://docs.tigera.io/calico/latest/networking/configuring/workloads-outside-cluster",
  },
  "link-mtu-smaller": {
    symptom: "ping works and TCP connects, then large transfers hang; Calico chose the MTU by the NIC",
    cause:
      "something under the node (a VPN, an overlay of the cloud, a switch) carries less than the NIC says",
    evidence: "`ping -M do -s 1472` between the nodes' own addresses gets no answer, a smaller one does",
    fix: "find the largest ping that passes between the nodes, and make its length the value of mtu",
    reference: `${CALICO}/8953`,
  },
  "mtu-black-hole": {
    symptom:
      "TCP connects between subnets and hangs as soon as much data is sent; inside a subnet all is well",
    cause:
      'a router carries less than the link, and its ICMP "fragmentation needed" is filtered, so path MTU discovery cannot work',
    evidence:
      "`tracepath -n` to the other node stops at the router; tcpdump shows full-size packets sent again and again",
    fix: "let ICMP type 3 code 4 pass, or make mtu what the router carries",
    reference: "https://www.rfc-editor.org/rfc/rfc2923",
  },
  "vxlan-checksum": {
    symptom:
      "ping between pods of different nodes works, TCP and DNS time out (on VMware, or Linux before 5.7)",
    cause:
      "the NIC or its driver computes the checksum of a packet inside VXLAN wrongly, and the receiver drops it",
    evidence: "`nstat -az TcpInCsumErrors UdpInCsumErrors` grows where the packets arrive",
    fix: "`ethtool -K vxlan.calico tx-checksum-ip-generic off` on every node, and in FelixConfiguration featureDetectOverride: ChecksumOffloadBroken=true",
    reference: `${CALICO}/4727`,
  },
  "dns-loop": {
    symptom: "CoreDNS is CrashLoopBackOff: plugin/loop: Loop detected for zone; names do not resolve in pods",
    cause:
      "the node's resolv.conf names a stub on a loopback address, which is CoreDNS itself inside CoreDNS's pod",
    evidence:
      "`kubectl -n kube-system logs -l k8s-app=kube-dns` says Loop; `cat /etc/resolv.conf` says 127.0.0.53",
    fix: "give the kubelet resolvConf: /run/systemd/resolve/resolv.conf, and restart CoreDNS",
    reference: "https://coredns.io/plugins/loop/#troubleshooting",
  },
  "tenant-port-unplugged": {
    symptom:
      "pods of one worker no longer reach the tenant's instances, although `openstack port show` names its host (often after a restart: neutron-ovs-cleanup)",
    cause:
      "the Neutron port exists, but the node's br-int has no interface with its id, so the port stays DOWN and the node has no address in the network",
    evidence:
      "`openstack port show` says DOWN; `ovs-vsctl find interface external_ids:iface-id=ID` is empty; `ip route` has no line for the tenant network",
    fix: "plug it: `ovs-vsctl --may-exist add-port br-int tap… -- set interface tap… type=internal external_ids:iface-id=ID external_ids:attached-mac=MAC`, give the device that MAC, and ask for its address by DHCP",
    reference: "https://docs.openstack.org/octavia/latest/install/install-ubuntu.html",
  },
  "ipsec-nobody-initiates": {
    symptom: "the VPN is configured on both sides and stays down; neither side logs an error",
    cause: "both ends only answer, as a virtual private gateway does by default, so neither starts IKE",
    evidence: "`swanctl --list-sas` is empty; `tcpdump -ni any udp port 500` shows nothing",
    fix: "let one side start the tunnel (start_action = start, or Startup action: Start)",
    reference: "https://docs.aws.amazon.com/vpn/latest/s2svpn/initiate-vpn-tunnels.html",
  },
  "ipsec-psk-mismatch": {
    symptom: "IKE begins and ends again and again; the log says AUTHENTICATION_FAILED",
    cause: "the pre-shared keys of the two routers differ",
    evidence:
      "`swanctl --list-sas` shows CONNECTING or nothing; the log has AUTH_FAILED (IKEv1: invalid HASH_V1 payload length, decryption failed)",
    fix: "give both routers the same pre-shared key, without a blank or a line end that was copied with it",
    reference: "https://docs.strongswan.org/docs/5.9/swanctl/swanctlConf.html",
  },
  "ipsec-proposal-mismatch": {
    symptom: "the tunnel does not come up; the log says NO_PROPOSAL_CHOSEN",
    cause: "the two routers have no combination of cipher, hash and group in common",
    evidence:
      "the log: received NO_PROPOSAL_CHOSEN notify error, with what was received and what is configured",
    fix: "give both routers one proposal in common",
    reference: "https://docs.strongswan.org/docs/5.9/config/proposals.html",
  },
  "ipsec-route-missing": {
    symptom: "the tunnel is up, packets go one way, and no answer comes back",
    cause:
      "a router has no route by which packets for the other site get into the tunnel (on AWS: no static route or no route propagation)",
    evidence:
      "`swanctl --list-sas` counts packets in, and none out; `ip route get` on that router names the internet",
    fix: "give the router a static route to the other site's subnets, through the tunnel",
    reference:
      "https://docs.aws.amazon.com/vpn/latest/s2svpn/SetUpVPNConnections.html#vpn-configure-route-tables",
  },
  "ipsec-selectors-too-narrow": {
    symptom: "the tunnel is up, the routers reach each other through it, and the machines behind them do not",
    cause:
      "the traffic selectors do not hold the machines' addresses: a wrong prefix length, or a subnet that was added later",
    evidence: "`swanctl --list-sas` shows local and remote with /32; its packet counters do not grow",
    fix: "put all of both sites' subnets into the traffic selectors, on both routers",
    reference: "https://docs.strongswan.org/docs/5.9/config/routeBasedVpn.html",
  },
  "ipsec-rekey-lost": {
    symptom:
      "the tunnel works for an hour after each start, and then nothing gets through until it is restarted",
    cause:
      "the first keys need no group for forward secrecy (IKEv2 takes them from IKE itself), but each renewal does, and the two routers' groups differ",
    evidence:
      "the log says NO_PROPOSAL_CHOSEN or INVALID_KE_PAYLOAD at the first rekeying; then `swanctl --list-sas` shows no INSTALLED",
    fix: "give both routers the same group in their ESP proposals, or none",
    reference: "https://docs.strongswan.org/docs/5.9/config/rekeying.html",
  },
};
