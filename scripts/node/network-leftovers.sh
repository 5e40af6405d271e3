# shellcheck shell=bash
# Part of the step `reset` (after before.sh): removes what Calico, kube-proxy and the CNI plugins leave in the kernel's
# network, and nothing of other programs: each thing is the lab's by its name, by an address in POD_CIDR, or because it
# was not there before.
network_leftovers() {
  services_of_ipvs # needs kube-ipvs0
  devices
  routes_and_rules
  rules_of_iptables
  tables_of_nftables
  sets_of_ipset
}

# kube-proxy gives the interface kube-ipvs0 the address of every service. Those for NodePorts have the node's address.
services_of_ipvs() {
  local flag service addresses own services
  if [[ ! -e $IPVS ]] || ! type -P ipvsadm >/dev/null || ! ip link show kube-ipvs0 >/dev/null 2>&1; then return; fi
  addresses=$(addresses_of show dev kube-ipvs0)
  own=$(addresses_of show)
  services=$(ipvs_services)
  while read -r flag service; do
    if [[ -z $flag ]] || was_before ipvs "$flag $service"; then continue; fi
    if has_line "${service%:*}" "$addresses" || { is_node_port "${service##*:}" && has_line "${service%:*}" "$own"; }; then
      ipvsadm --delete-service "$flag" "$service" || true
    fi
  done <<<"$services"
}
addresses_of() { ip -4 -o address "$@" | awk '{ sub("/.*", "", $4); print $4 }'; }
has_line() { grep -qxF -- "$1" <<<"$2"; }
is_node_port() { (($1 >= 30000 && $1 <= 32767)); } # the default of the API server's --service-node-port-range

devices() {
  local device left
  ip -o link show | awk -F '[ :@]+' '{ print $2 }' | while read -r device; do
    case $device in
      vxlan.calico | vxlan-v6.calico | wireguard.cali | wg-v6.cali | kube-ipvs0) ip link delete "$device" || true ;;
      cali*)
        # Calico names a pod's interface "cali" and 11 digits of a hash. It is gone already if the pod's end is.
        if [[ $device =~ ^cali[0-9a-f]{11}$ ]]; then ip link delete "$device" || true; fi
        ;;
      cni0) # also the name of flannel's
        left=$(ip -4 -o address show dev cni0 to "$POD_CIDR")
        if [[ -n $left ]]; then ip link delete cni0 || true; fi
        ;;
      tunl0) # the driver's own device: it cannot be deleted while the driver is loaded
        ip address flush dev tunl0 to "$POD_CIDR"
        left=$(ip -o address show dev tunl0)
        # The driver's default MTU, which Felix has changed.
        if [[ -z $left ]]; then ip link set tunl0 down mtu 1480; fi
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
  ip -4 route flush table 1 root "$POD_CIDR" 2>/dev/null || true # Felix' table for WireGuard
  # Felix' rule for WireGuard: what does not carry its mark, and nothing else (createRouteRule in
  # felix/wireguard/wireguard.go; earlier ones name a source in the pods' network). Another rule with this priority or
  # table is somebody else's.
  ip -4 rule show priority 99 |
    sed -nE 's#^99:[[:space:]]+(not )?from ([^ ]+) fwmark ([0-9a-fx]+/0x[0-9a-f]+) lookup 1 *$#\1from \2 fwmark \3#p' |
    while read -r rule; do
      # shellcheck disable=SC2086 # a rule is many words
      ip -4 rule delete $rule priority 99 table 1 || true
    done
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

# Removes the chains of Kubernetes and Calico, the rules in them and to them, the rules with Calico's comment, and the
# host ports of the lab's pods. All other rules keep their counters.
without_kubernetes() {
  local rules kept
  rules=$("$1-save" --counters)
  kept=$(kept_rules <<<"$rules")
  if [[ $kept != "$rules" ]]; then "$1-restore" --counters <<<"$kept"; fi
}

# The plugin portmap has a chain CNI-DN-… for each container, and the rule to it names the container's network: Calico's
# is k8s-pod-network, that of pod-network.sh encaplab. Its other chains, CNI-HOSTPORT-…, serve all networks, so those of
# podman and nerdctl, too: they go only with the last container (plugins/meta/portmap of containernetworking/plugins).
kept_rules() {
  awk '
    function is_ours(name) {
      return name ~ /^(cali-|KUBE-)/ || name in ours || (!others && name ~ /^CNI-HOSTPORT-/)
    }
    { lines[NR] = $0 }
    /-A CNI-HOSTPORT-DNAT / && /name: \\"(k8s-pod-network|encaplab)\\"/ { ours[$NF] }
    /^:CNI-/ { chains[substr($1, 2)] }
    END {
      for (name in chains) if (name !~ /^CNI-HOSTPORT-/ && !(name in ours)) others = 1
      for (number = 1; number <= NR; number++) {
        if (lines[number] ~ /--comment "?cali:/) continue
        count = split(lines[number], words, " ")
        drop = substr(words[1], 1, 1) == ":" && is_ours(substr(words[1], 2))
        for (word = 1; word < count; word++)
          if (words[word] ~ /^-[Ajg]$/ && is_ours(words[word + 1])) drop = 1
        if (!drop) print lines[number]
      }
    }'
}

tables_of_nftables() {
  local family table tables
  tables=$(nft_tables)
  while read -r family table; do
    case $family/$table in
      ip/kube-proxy | ip6/kube-proxy | ip/calico | ip6/calico | ip/encaplab | ip/encaplab-metadata)
        nft delete table "$family" "$table"
        ;;
      # iptables-nft keeps its tables when their last rule is deleted, and creates them again when it needs them.
      ip/filter | ip/nat | ip/mangle | ip/raw | ip6/filter | ip6/nat | ip6/mangle | ip6/raw)
        if was_before tables "$family $table"; then continue; fi
        if nft list table "$family" "$table" | only_empty_chains; then nft delete table "$family" "$table"; fi
        ;;
    esac
  done <<<"$tables"
}
only_empty_chains() {
  ! grep -vE '^(#.*|table .*|[[:space:]]*(chain .*|type .* policy accept;|\}))?$' >/dev/null
}

sets_of_ipset() {
  local name
  if ! type -P ipset >/dev/null; then return; fi
  ipset list -name | while read -r name; do
    # Felix' sets are cali40…, cali60… and cali4t…; kube-proxy's KUBE-….
    case $name in cali[46]* | KUBE-*) ipset destroy "$name" || true ;; esac
  done
}
