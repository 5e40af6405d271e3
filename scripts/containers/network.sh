# shellcheck shell=bash disable=SC2154 # folder and spec are set by `inside`
# Sourced by `inside`. The lab's network: a bridge for each subnet in the namespace `fabric`, a router between them, and
# the router's way to the internet. What they are is rendered from the plan, by the same code as the twin's network, and
# stands in the spec as bash and as nftables files. Every function changes only what is missing or differs.

# What was built, as the text that built it.
built=/run/encaplab/network

make_namespace() {
  [[ -e "/run/netns/$1" ]] && ip -n "$1" link show lo >/dev/null 2>&1 && return 0
  ip netns del "$1" 2>/dev/null || true # left half-made by a killed run
  ip netns add "$1"
  ip -n "$1" link set lo up
}

# is_built PART TEXT: whether exactly this text has built the part, to its end.
is_built() {
  local text
  text=$(cat "$built/$1" 2>/dev/null) && [[ $text == "$2" ]]
}

# has_built PART TEXT: records that.
has_built() {
  printf '%s\n' "$2" >"$built/$1.new"
  mv "$built/$1.new" "$built/$1"
}

# run_text TEXT: runs bash from the spec. Not with our lock, which a process that stays would hold for ever.
run_text() { bash -e 9>&- <<<"$1"; }

bring_network() {
  bring_base
  bring_subnets
  bring_routes
  bring_router
  bring_bird
  bring_rules
}

# The namespaces. If they are of an earlier version, or half-made, everything is unplugged and built again.
bring_base() {
  local base name
  base=$(jq -r .network.base "$spec")
  if is_built base "$base"; then return; fi
  for name in "$folder"/nodes/*; do
    [[ ! -d $name ]] || power_off "${name##*/}"
  done
  end_internet
  end_bird
  for name in fabric router; do ip netns del "$name" 2>/dev/null || true; done
  rm -rf "$built"
  mkdir -p "$built"
  run_text "$base"
  has_built base "$base"
}

bring_subnets() {
  local subnets bridge nic build file
  subnets=$(jq -r '.subnets[] | [.bridge, .nic] | @tsv' "$spec")
  # First: a new subnet may have the addresses of one that goes.
  for file in "$built"/*.remove; do
    [[ -e $file ]] || continue
    bridge=${file##*/} bridge=${bridge%.remove}
    cut -f 1 <<<"$subnets" | grep -qxF -- "$bridge" || remove_subnet "$bridge"
  done
  while IFS=$'\t' read -r bridge nic; do
    build=$(from_subnet "$bridge" build)
    if is_built "$bridge" "$build" && ip -n fabric link show "$bridge" >/dev/null 2>&1 &&
      ip -n router link show "$nic" >/dev/null 2>&1; then continue; fi
    remove_subnet "$bridge"
    from_subnet "$bridge" remove >"$built/$bridge.remove"
    run_text "$build"
    has_built "$bridge" "$build"
  done <<<"$subnets"
}

# from_subnet BRIDGE KEY
from_subnet() { jq -r --arg bridge "$1" --arg key "$2" '.subnets[] | select(.bridge == $bridge) | .[$key]' "$spec"; }

# remove_subnet BRIDGE: also switches the machines in it off. They would have a link that leads nowhere.
remove_subnet() {
  local plug node
  rm -f "$built/$1"
  [[ -e "$built/$1.remove" ]] || return 0
  for plug in "$folder"/nodes/*/plug; do
    node=${plug%/plug} node=${node##*/}
    if grep -qw -- "$1" "$plug" 2>/dev/null; then power_off "$node"; fi
  done
  bash "$built/$1.remove" 9>&-
  rm -f "$built/$1.remove"
}

# The router's routes to pods, and nothing else in protocol static.
bring_routes() {
  local wanted line there
  wanted=$(jq -r '.network.routes[] | . + " proto static"' "$spec")
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

# Address translation, and what is lost between the subnets.
bring_router() {
  local rules
  rules=$(jq -r .network.router "$spec")
  nft_in_router <<<"$rules"
}
nft_in_router() { nft_in router; }
nft_in() { nsenter --net="/run/netns/$1" nft -f -; }

# The router's BIRD, if the spec has one: starts it, tells it of a changed configuration (its sessions stay), or ends it with
# its routes.
bring_bird() {
  local conf
  conf=$(jq -r '.network.bird // ""' "$spec")
  if [[ -z $conf ]]; then
    end_bird
    return
  fi
  if runs "$bird"; then
    if is_built bird "$conf"; then return; fi
    printf '%s\n' "$conf" >"$bird.conf"
    birdc -s "$bird.ctl" configure >/dev/null
  else
    rm -f "$built/bird"
    printf '%s\n' "$conf" >"$bird.conf"
    daemon "$bird.log" nsenter --net=/run/netns/router bird -f -c "$bird.conf" -s "$bird.ctl"
    record_process $! "$bird" || true # it has ended already
    within 10 "the router's BIRD did not answer" bird_answers_or_ended
    runs "$bird" || die "containers: the router's BIRD did not start: $(cat "$bird.log" || true)"
  fi
  has_built bird "$conf"
}
bird=/run/encaplab/router-bird
bird_answers_or_ended() { ! runs "$bird" || birdc -s "$bird.ctl" show status >/dev/null 2>&1; }
end_bird() {
  local pid
  if recorded "$bird"; then
    kill -KILL "$pid" 2>/dev/null || true
    # Its sockets keep the namespace, and the nodes' BIRDs hear of its end when they are closed.
    within 10 "the router's BIRD does not end" is_over "$bird"
    ip -n router route flush proto bird 2>/dev/null || true # the namespace may be gone
  fi
  rm -f "$bird" "$bird".* "$built/bird"
}
is_over() { ! runs "$1"; }

# The rules at the nodes' ports. Changed rules apply from cold: what the old ones have let through is forgotten.
bring_rules() {
  local rules leaving
  rules=$(jq -r .network.rules "$spec")
  # A node that leaves is still drained, and is in the group until then.
  leaving=$(jq -r '[.nodes[] | select(.leaving) | .address | split("/")[0]] | join(", ")' "$spec")
  if [[ -n $leaving && $rules == *'  set nodes {'* ]]; then
    rules+=$'\n'"add element ip fabric nodes { $leaving }"
  fi
  if is_built rules "$rules"; then return; fi
  rm -f "$built/rules"
  nft_in fabric <<<"$rules"
  forget
  has_built rules "$rules"
}

# Makes the ports' rules forget every connection. One that may go on is known again with its next packet.
forget() { nsenter --net=/run/netns/fabric conntrack -F >/dev/null 2>&1; }

# After the rules and the nodes' own firewalls: ends the sessions when TCP 179 is newly closed at a node.
bring_sessions() {
  local closed
  closed=$(jq -r '.network.bgpClosedOn | join(" ")' "$spec")
  if is_built bgp-closed "$closed"; then return; fi
  if [[ -n $closed ]]; then end_sessions; fi
  has_built bgp-closed "$closed"
}

# Ends all BGP sessions. A real group lets a session that is up go on, but a lab shows its faults from cold. BIRD's own
# command tells the other end, which then drops the routes at once. It is given to BIRD's socket, because no program of a
# node may run here; and the socket's path, which the node's root can change, must not lead elsewhere.
end_sessions() {
  local entry name root socket
  for entry in /proc/[0-9]*; do
    { read -r name <"$entry/comm"; } 2>/dev/null || continue
    [[ $name == bird ]] || continue
    root=$entry/root
    for socket in "$root"/run/calico/bird.ctl "$root"/var/run/calico/bird.ctl; do
      [[ -S $socket && ! -L $socket && ! -L ${socket%/*} && ! -L ${socket%/calico/*} ]] || continue
      # All at the same time: one that is busy keeps no other waiting.
      restart_sessions "$socket" &
    done
  done
  wait
}

# restart_sessions SOCKET: asks BIRD, and stays until it has answered: what a client that has left asked for, BIRD forgets.
restart_sessions() {
  local line='' asked=''
  coproc client { exec timeout 60 socat - "UNIX-CONNECT:$1" 2>/dev/null 9>&-; }
  # shellcheck disable=SC2154 # coproc sets it
  while read -r line <&"${client[0]}"; do
    if [[ -z $asked ]]; then
      asked=yes # BIRD greets first
      printf 'restart all\n' >&"${client[1]}"
    elif [[ $line =~ ^[089][0-9]{3}(\ |$) ]]; then
      break # the last line of an answer
    fi
  done 2>/dev/null
  kill "${client_PID:-}" 2>/dev/null || true
}

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
  else
    ip -n router link del internet 2>/dev/null || true
    daemon /run/encaplab/internet.log slirp4netns --configure --mtu=1500 --cidr="$internet_cidr" \
      --disable-host-loopback --netns-type=path /run/netns/router internet
    record_process $! /run/encaplab/internet || true # it has ended already
    within 10 "slirp4netns did not answer" internet_is_up || why=$(tail -n 1 /run/encaplab/internet.log)
  fi
  [[ -z $why ]] || say "containers: the nodes have no internet: $why"
}
end_internet() {
  local pid
  if recorded /run/encaplab/internet; then kill -KILL "$pid" 2>/dev/null || true; fi
  rm -f /run/encaplab/internet
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
