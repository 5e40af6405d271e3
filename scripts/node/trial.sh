# shellcheck shell=bash
# Part of the steps `check` and `prepare`: the network namespaces in which rules.sh tries the rules of a firewall.

# trial LOAD, in a network namespace of its own, with the rules on standard input: this machine (with its NIC's name and
# address), the other nodes behind the NIC, and a pod. Sends everything once before the rules are loaded: what does not
# arrive then says nothing about them. Prints what the rules drop: in, out or forward, the severity, and the protocol.
trial() {
  local peers pod here=$BASHPID one group text said way protocol first last severity
  local -a groups=() list=() left=()
  local -A lost=()
  local patience=10000000 took slowest=0
  unshare --net sleep 300 >/dev/null 2>&1 &
  peers=$!
  unshare --net sleep 300 >/dev/null 2>&1 &
  pod=$!
  # shellcheck disable=SC2064 # with the values of now
  trap "kill $peers $pod" EXIT
  network >/dev/null 2>&1
  # shellcheck disable=SC2312 # `:` cannot fail
  exec 7<> <(:) # never has anything to read
  text=$(probes)
  mapfile -t groups <<<"$text"
  for group in "${groups[@]}"; do
    if ! arrive "$group"; then
      echo "unknown no answer, even without them"
      return
    fi
    if ((took > slowest)); then slowest=$took; fi
  done
  # A busy machine takes seconds for what takes milliseconds on an idle one.
  patience=$((4 * slowest > 500000 ? 4 * slowest : 500000))
  if ! said=$($1 2>&1); then
    echo "unknown ${said%%$'\n'*}"
    return
  fi
  for group in "${groups[@]}"; do
    IFS=';' read -r -a list <<<"$group"
    left=()
    for one in "${list[@]}"; do
      read -r way _ _ _ _ protocol first last severity <<<"$one"
      # What is dropped from one node is reported: do not wait for it again from the next one.
      if [[ -z ${lost["$way $protocol $first"]:-} ]]; then left+=("$one"); fi
    done
    group=$(
      IFS=';'
      echo "${left[*]}"
    )
    if arrive "$group"; then continue; fi
    for one in "${left[@]}"; do
      if ((${#left[@]} > 1)) && arrive "$one"; then continue; fi
      read -r way _ _ _ _ protocol first last severity <<<"$one"
      lost["$way $protocol $first"]=1
      said=$(in_words "$protocol" "$first" "$last")
      echo "$way $severity $said"
    done
  done
}

# Makes the network of trial, from its variables.
network() {
  local device=${TUNNEL:-$NIC} file pod_address remote
  pod_address=$(address_in 130)
  remote=$(address_in 200)
  # Until they are in namespaces of their own.
  for file in "$peers" "$pod"; do
    while [[ /proc/$file/ns/net -ef /proc/self/ns/net ]]; do sleep 0.01; done
  done
  ip link set lo up
  ip link add "$NIC" type veth peer name peer0 netns "$peers"
  ip address add "$NODE_ADDRESS/32" dev "$NIC"
  ip link set "$NIC" up
  ip route add default dev "$NIC" src "$NODE_ADDRESS"
  if [[ $device != "$NIC" ]]; then
    ip link set "$device" name encaplab0 # tunl0 is there already if the driver is loaded
    ip link add "$device" type veth peer name tunnel0 netns "$peers"
    ip link set "$device" up
    ip address add 169.254.2.1/32 dev "$device"
  fi
  ip link add cali0encaplab type veth peer name pod0 netns "$pod"
  ip link set cali0encaplab up
  ip address add 169.254.1.1/32 dev cali0encaplab
  ip route add "$pod_address" dev cali0encaplab
  ip route add "$remote" dev "$device"
  echo 1 >/proc/sys/net/ipv4/ip_forward
  for file in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >"$file"; done
  # shellcheck disable=SC2016,SC2153 # variables of the inner shell; the values are sent with the step
  nsenter --net="/proc/$peers/ns/net" bash -c '
    for file in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >"$file"; done
    ip link set peer0 up
    for one in $1; do ip address add "$one/32" dev peer0; done
    ip route add "$2" dev peer0
    if ip link set tunnel0 up; then
      ip address add "$3/32" dev tunnel0
      ip route add 169.254.2.1 dev tunnel0
      ip route add "$4" via 169.254.2.1 dev tunnel0 src "$3"
    else
      ip address add "$3/32" dev peer0
      ip route add "$4" via "$2" dev peer0 src "$3"
    fi' bash "$PEERS" "$NODE_ADDRESS" "$remote" "$pod_address"
  # shellcheck disable=SC2016
  nsenter --net="/proc/$pod/ns/net" bash -c '
    ip link set pod0 up
    ip address add "$1/32" dev pod0
    ip route add 169.254.1.1 dev pod0
    ip route add default via 169.254.1.1 dev pod0' bash "$pod_address"
}

# What is sent: a line per group, with `;` between its probes "WAY FROM TO SOURCE DESTINATION PROTOCOL FIRST LAST SEVERITY".
# Incoming ones first: after an outgoing one, the rules would take them for its answers (calico#1996).
probes() {
  local peer protocol first last severity pod_address remote incoming outgoing=''
  pod_address=$(address_in 130)
  remote=$(address_in 200)
  for peer in $PEERS; do
    incoming='' outgoing=''
    while read -r _ protocol first last severity; do
      case $protocol in
        '') continue ;;
        icmp) if ! type -P ping >/dev/null; then continue; fi ;;
        4) if ! type -P nft >/dev/null && [[ ! -e /sys/module/ipip ]]; then continue; fi ;;
      esac
      incoming+=";in $peers $here $peer $NODE_ADDRESS $protocol $first $last $severity"
      outgoing+=";out $here $peers $NODE_ADDRESS $peer $protocol $first $last $severity"
    done <<<"$NEEDS"
    printf '%s\n' "${incoming#;}"
  done
  printf '%s\n' "${outgoing#;}" "forward $peers $pod $remote $pod_address tcp 8080 8080 refuse" \
    "forward $pod $peers $pod_address $remote tcp 8080 8080 refuse"
}

# arrive GROUP: whether all of a group's packets are delivered, within `patience` microseconds, which a group
# with a dropped packet takes. Sets `took`.
arrive() {
  local probe way from to source destination protocol first before count start
  local -a list
  IFS=';' read -r -a list <<<"$1"
  if ((${#list[@]} == 0)); then return 0; fi
  read -r way from to source destination _ <<<"${list[0]}"
  if [[ $way == in ]]; then
    nsenter --net="/proc/$from/ns/net" ip route replace "$destination" dev peer0 src "$source"
  fi
  delivered "$to"
  before=$count
  start=${EPOCHREALTIME/[.,]/}
  for probe in "${list[@]}"; do
    read -r _ _ _ _ _ protocol first _ <<<"$probe"
    sent "$from" "$source" "$destination" "$protocol" "$first" >/dev/null 2>&1 &
  done
  took=0
  while ((took < patience)); do
    delivered "$to"
    took=$((${EPOCHREALTIME/[.,]/} - start))
    if ((count - before >= ${#list[@]})); then return 0; fi
    read -r -t 0.01 <&7 || true # a pause that starts no process
  done
  return 1
}

# Sets `count`: how many packets a namespace has delivered to a protocol (InDelivers, InUnknownProtos), so that they
# passed its rules, also if nothing listens.
delivered() {
  local -a values
  { read -r _ && read -r -a values; } <"/proc/$1/net/snmp"
  count=$((values[7] + values[9]))
}

# sent PID SOURCE DESTINATION PROTOCOL PORT: sends a packet from a namespace.
# shellcheck disable=SC2016 # variables of the inner shells
sent() {
  local enter=(nsenter "--net=/proc/$1/ns/net")
  case $4 in
    tcp) "${enter[@]}" timeout 0.9 bash -c 'exec 3<>"/dev/tcp/$1/$2"' bash "$3" "$5" ;;
    udp) "${enter[@]}" bash -c 'echo >"/dev/udp/$1/$2"' bash "$3" "$5" ;;
    icmp) "${enter[@]}" ping -c 1 -W 1 "$3" ;;
    4)
      # Rewrite a packet's protocol: the kernel's ipip may not be loaded, and loading it would be a change.
      if type -P nft >/dev/null; then
        "${enter[@]}" nft 'add table ip encaplab0; add chain ip encaplab0 out { type filter hook output priority -400; };
          flush chain ip encaplab0 out; add rule ip encaplab0 out udp dport 4 ip protocol set 4'
        "${enter[@]}" bash -c 'echo >"/dev/udp/$1/4"' bash "$3"
      else
        "${enter[@]}" ip link add "to$1" type ipip remote "$3" local "$2"
        "${enter[@]}" ip link set "to$1" up
        "${enter[@]}" ip route replace 192.0.2.1 dev "to$1"
        "${enter[@]}" bash -c 'echo >/dev/udp/192.0.2.1/9'
      fi
      ;;
  esac
}

# in_words PROTOCOL FIRST LAST: the protocol as messages write it.
in_words() {
  case $1 in
    4) echo 'IP protocol 4' ;;
    icmp) echo ICMP ;;
    *) if [[ $2 == "$3" ]]; then echo "${1^^} $2"; else echo "${1^^} $2 to $3"; fi ;;
  esac
}
