# shellcheck shell=bash disable=SC2154 # spec is set by `inside`
# Sourced by `inside`. The lab's network: a bridge for each subnet in the namespace `fabric`, a router between them, and
# the router's way to the internet. Every function makes only what is missing.

# Makes an interface name from any text: Linux allows only 15 characters.
short() {
  local sum
  sum=$(printf %s "$2" | sha1sum | head -c 11)
  printf '%s%s' "$1" "$sum"
}
subnet_bridge() { short s "$1"; }
node_port() { short p "$1"; }

# A locally administered MAC address that contains the IPv4 address and stays the same at every boot.
mac_of() {
  local a b c d
  IFS=. read -r a b c d <<<"${1%/*}"
  printf '02:00:%02x:%02x:%02x:%02x' "$a" "$b" "$c" "$d"
}

make_namespace() {
  [[ -e "/run/netns/$1" ]] && ip -n "$1" link show lo >/dev/null 2>&1 && return 0
  ip netns del "$1" 2>/dev/null || true # left half-made by a killed run
  ip netns add "$1"
  ip -n "$1" link set lo up
}

bring_network() {
  local mtu name cidr gateway subnets bridge kept=()
  mtu=$(jq -r .mtu "$spec")
  subnets=$(jq -r '.subnets[] | [.name, .cidr, .gateway] | @tsv' "$spec")
  make_namespace fabric
  make_namespace router
  # Like a plain router, it forwards everything that it has a route for, without source filtering.
  ip netns exec router sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
  # If this machine has loaded br_netfilter, a bridge would pass its frames to iptables, which has no rules for them
  # here.
  ip netns exec fabric sysctl -qw net.bridge.bridge-nf-call-iptables=0 2>/dev/null || true
  while IFS=$'\t' read -r name cidr gateway; do
    bridge=$(subnet_bridge "$name")
    kept+=("$bridge")
    bring_subnet "$bridge" "$mtu" "$gateway" "${cidr#*/}"
  done <<<"$subnets"
  remove_subnets_except "${kept[@]}"
  bring_routes
}

# bring_subnet BRIDGE MTU GATEWAY PREFIX: the bridge in `fabric` and the router's interface of the same name.
bring_subnet() {
  local bridge=$1 mtu=$2 gateway=$3 wanted=$3/$4 mac address
  mac=$(mac_of "$gateway")
  ip -n fabric link show "$bridge" >/dev/null 2>&1 || ip -n fabric link add "$bridge" type bridge
  ip -n fabric link set "$bridge" up
  if ! ip -n router link show "$bridge" >/dev/null 2>&1; then
    ip -n fabric link del "r$bridge" 2>/dev/null || true
    ip -n fabric link add "r$bridge" type veth peer name "$bridge" netns router
  fi
  ip -n fabric link set "r$bridge" mtu "$mtu" master "$bridge" up
  ip -n router link set "$bridge" mtu "$mtu" address "$mac" up
  address=$(ip -n router -o -4 addr show dev "$bridge" | awk '{ print $4 }')
  if [[ $address != "$wanted" ]]; then
    ip -n router addr flush dev "$bridge"
    ip -n router addr add "$wanted" dev "$bridge"
  fi
}

# remove_subnets_except BRIDGE…: removes the bridges of subnets that the spec no longer has.
remove_subnets_except() {
  local bridge bridges
  bridges=$(ip -n router -o link show type veth | awk -F '[ :@]+' '{ print $2 }')
  for bridge in $bridges; do
    case " $* " in
      *" $bridge "*) ;;
      *)
        ip -n fabric link del "r$bridge"
        ip -n fabric link del "$bridge"
        ;;
    esac
  done
}

# The router's routes to pods, and nothing else in protocol static.
bring_routes() {
  local wanted line there
  # The blackhole: packets to pods without a route must not go out to the internet.
  wanted=$(jq -r '
    (.routes[] | "\(.block) via \(.via)"), (.podCidr // empty | "blackhole \(.)") | . + " proto static"' "$spec")
  there=$(ip -n router route show proto static | sed -E 's/ dev [^ ]+//; s/ *$//; s/$/ proto static/')
  while read -r line; do
    [[ -z $line ]] || grep -qxF -- "$line" <<<"$wanted" || change_route del "$line"
  done <<<"$there"
  while read -r line; do
    [[ -z $line ]] || change_route replace "$line"
  done <<<"$wanted"
}
# shellcheck disable=SC2086 # a route is many words
change_route() { ip -n router route "$1" $2; }

# The nodes' name server is the one of slirp4netns, which forwards to this machine's. TEST-NET-1, because a lab may use
# slirp4netns' default 10.0.2.0/24 as a subnet.
internet_cidr=192.0.2.0/24
# shellcheck disable=SC2034 # for nodes.sh
internet_resolver=192.0.2.3

# User-mode networking: packets become connections of a process on this machine. The machine's own interfaces, routes
# and firewall do not change. Without it, or without a network here, the lab still works, but has no internet.
bring_internet() {
  local default why=''
  # At each `up`: this machine may have other addresses than before.
  guard_machine
  if runs /run/encaplab/internet; then return 0; fi
  default=$(ip route show default)
  if [[ -z $default ]]; then
    why="this machine has no default route"
  elif [[ ! -c /dev/net/tun ]]; then
    why="this machine has no /dev/net/tun"
  elif ! masquerade 2>/run/encaplab/internet.log; then
    why=$(tail -n 1 /run/encaplab/internet.log)
  else
    ip -n router link del internet 2>/dev/null || true
    daemon /run/encaplab/internet.log slirp4netns --configure --mtu=1500 --cidr="$internet_cidr" \
      --disable-host-loopback --netns-type=path /run/netns/router internet
    record_process $! /run/encaplab/internet || true # it has ended already
    within 10 "slirp4netns did not answer" internet_is_up || why=$(tail -n 1 /run/encaplab/internet.log)
  fi
  [[ -z $why ]] || say "containers: the nodes have no internet: $why"
}
internet_is_up() {
  local default
  default=$(ip -n router route show default dev internet 2>/dev/null) && [[ -n $default ]]
}

# The nodes must not reach this machine by its own addresses, nor what serves machines by link-local ones, such as a cloud's
# metadata service: slirp4netns would connect there as a process of this machine. Of slirp4netns' own addresses only the
# name server's port is open, because it passes on every other port to this machine's name server, too.
guard_machine() {
  local own
  own=$(ip -4 -o address show | awk '{ sub("/.*", "", $4); if ($4 !~ /^(127|169\.254)\./) print $4 }' | sort -u | paste -sd ,)
  nft_in_router <<NFT
table ip encaplab-guard {}
delete table ip encaplab-guard
table ip encaplab-guard {
  chain forward {
    type filter hook forward priority filter - 1
    oifname "internet" ip daddr { 127.0.0.0/8, 169.254.0.0/16${own:+, ${own//,/, }} } reject with icmp type admin-prohibited
    oifname "internet" ip daddr $internet_cidr meta l4proto != { tcp, udp } drop
    oifname "internet" ip daddr $internet_cidr th dport != 53 drop
  }
}
NFT
}

# The nodes' packets leave with the router's address. On a real network, packets with a pod's address leave but are
# never answered. Here they are dropped, because slirp4netns would answer: it ignores the sender's address.
masquerade() {
  local nodes
  nodes=$(jq -r '[.subnets[].cidr] | join(", ")' "$spec")
  nft_in_router <<NFT
table ip encaplab {}
delete table ip encaplab
table ip encaplab {
  chain forward {
    type filter hook forward priority filter
    oifname "internet" ip saddr != { $nodes } drop
  }
  chain postrouting {
    type nat hook postrouting priority srcnat
    oifname "internet" masquerade
  }
}
NFT
}
nft_in_router() { ip netns exec router nft -f -; }
