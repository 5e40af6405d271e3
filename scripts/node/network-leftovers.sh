# shellcheck shell=bash
# What Calico, kube-proxy and CNI plugins leave in the kernel's network, taken away; a part of the step `reset`.
network_leftovers() {
  devices
  routes_and_rules
  rules_of_iptables
  tables_of_nftables
  if type -P ipvsadm >/dev/null && [ -e /proc/net/ip_vs ]; then ipvsadm --clear; fi
  sets_of_ipset
}

devices() {
  local device
  ip -o link show | awk -F '[ :@]+' '{ print $2 }' | while read -r device; do
    case $device in
      cali* | vxlan.calico | vxlan-v6.calico | wireguard.cali | wg-v6.cali | kube-ipvs0 | cni0)
        ip link delete "$device" || true # its pair's other end may have taken it along
        ;;
      tunl0) # the driver's own, which goes with the driver only
        ip address flush dev tunl0
        ip link set tunl0 down mtu 1480 # Felix has set another one; this is the driver's
        ;;
    esac
  done
}

# Only inside the pods' network: the machine may run a BIRD of its own. 12 is BIRD. 3 ("boot") is Felix's for tunnels and pods
# (its DeviceRouteProtocol), 80 Felix's for blackholes and VXLANCrossSubnet's direct routes (felix/dataplane/linux/vxlan_mgr.go;
# seen with Calico 3.28). Those over the NIC and the blackholes outlive the devices. 201 is pod-network.sh.
routes_and_rules() {
  local protocol
  for protocol in 12 3 80 201; do ip -4 route flush root "$POD_CIDR" proto "$protocol" || true; done
  # Calico's for WireGuard.
  while ip rule delete priority 99 table 1 2>/dev/null; do ip route flush table 1 || true; done
}

# iptables-legacy is asked only where it has tables: asking would make them.
rules_of_iptables() {
  local family
  for family in ip ip6; do
    if type -P "${family}tables-nft" >/dev/null; then without_kubernetes "${family}tables-nft"; fi
    if [ -s "/proc/net/${family}_tables_names" ] && type -P "${family}tables-legacy" >/dev/null; then
      without_kubernetes "${family}tables-legacy"
    fi
  done
}

# All but the rules in, from and to chains of Kubernetes, Calico and CNI plugins, and those with Calico's mark; the others
# stay with their counters.
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
      # iptables-nft leaves its tables behind when their last rule goes, and makes them again for the next one.
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
