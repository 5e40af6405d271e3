# shellcheck shell=bash
# Part of the step `reset`: removes what Calico, kube-proxy and the CNI plugins leave in the kernel's network.
network_leftovers() {
  devices
  routes_and_rules
  rules_of_iptables
  tables_of_nftables
  if type -P ipvsadm >/dev/null && [[ -e /proc/net/ip_vs ]]; then ipvsadm --clear; fi
  sets_of_ipset
}

devices() {
  local device
  ip -o link show | awk -F '[ :@]+' '{ print $2 }' | while read -r device; do
    case $device in
      cali* | vxlan.calico | vxlan-v6.calico | wireguard.cali | wg-v6.cali | kube-ipvs0 | cni0)
        ip link delete "$device" || true # already gone if it is a veth whose other end was deleted
        ;;
      tunl0) # the driver's own device: it cannot be deleted while the driver is loaded
        ip address flush dev tunl0
        ip link set tunl0 down mtu 1480 # the driver's default, which Felix has changed
        ;;
    esac
  done
}

# Only inside the pods' network: the machine may run a BIRD of its own. 12 is BIRD. Felix uses 3 ("boot", its
# DeviceRouteProtocol) for tunnels and pods, and 80 for blackholes and VXLANCrossSubnet's direct routes
# (felix/dataplane/linux/vxlan_mgr.go; seen with Calico 3.28). Blackholes and routes over the NIC stay when the devices
# are deleted. 201 is pod-network.sh.
routes_and_rules() {
  local protocol
  for protocol in 12 3 80 201; do ip -4 route flush root "$POD_CIDR" proto "$protocol" || true; done
  # Calico's rule and table for WireGuard.
  while ip rule delete priority 99 table 1 2>/dev/null; do ip route flush table 1 || true; done
}

# Call iptables-legacy only if it already has tables: calling it creates them.
rules_of_iptables() {
  local family
  for family in ip ip6; do
    if type -P "${family}tables-nft" >/dev/null; then without_kubernetes "${family}tables-nft"; fi
    if [[ -s "/proc/net/${family}_tables_names" ]] && type -P "${family}tables-legacy" >/dev/null; then
      without_kubernetes "${family}tables-legacy"
    fi
  done
}

# Removes the chains of Kubernetes, Calico and the CNI plugins, the rules in them and to them, and the rules with
# Calico's comment. All other rules keep their counters.
without_kubernetes() {
  local rules
  rules=$("$1-save" --counters)
  if ! grep -qE 'cali-|KUBE-|CNI-' <<<"$rules"; then return; fi
  grep -vE '(^:|-A |-j |-g )(cali-|KUBE-|CNI-)|--comment "?cali:' <<<"$rules" | "$1-restore" --counters
}

tables_of_nftables() {
  local family table
  if ! type -P nft >/dev/null; then return; fi
  nft list tables | while read -r _ family table; do
    case $family/$table in
      ip/kube-proxy | ip6/kube-proxy | ip/calico | ip6/calico | ip/encaplab) nft delete table "$family" "$table" ;;
      # iptables-nft keeps its tables when their last rule is deleted, and creates them again when it needs them.
      ip/filter | ip/nat | ip/mangle | ip/raw | ip6/filter | ip6/nat | ip6/mangle | ip6/raw)
        if nft list table "$family" "$table" | only_empty_chains; then nft delete table "$family" "$table"; fi
        ;;
    esac
  done
}
only_empty_chains() {
  ! grep -vE '^(#.*|table .*|[[:space:]]*(chain .*|type .* policy accept;|\}))?$' >/dev/null
}

sets_of_ipset() {
  local name
  if ! type -P ipset >/dev/null; then return; fi
  ipset list -name | while read -r name; do
    case $name in cali* | KUBE-*) ipset destroy "$name" || true ;; esac
  done
}
