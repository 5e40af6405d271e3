# shellcheck shell=bash
# Step `check`, and part of the step `prepare` (sent with kubeadm.sh, rules.sh and trial.sh): looks for what would break the lab on
# this machine. Changes nothing. Prints lines with tabs between their fields: `refuse` or `warn`, a code, a sentence;
# or `fact`, a name, a value.
# NODE_NAME; NODE_ADDRESS; SUBNET: as a CIDR; ROLE: control-plane or worker; PEERS: an address of another node per
# subnet; NEEDS: lines "name protocol first last severity" of what nodes must let in from each other, with - for no port;
# POD_CIDR; SERVICE_CIDR; LINK_MTU: bytes; KUBERNETES_VERSION: 1.35.7; PROXY_MODE: iptables, nftables or ipvs; CALICO: 1
# if Calico is installed, else 0; TUNNEL: tunl0, vxlan.calico or empty; GATEWAY: the router that learns the pods, empty if none
# does; on the gateway of a site, and else empty: LINK_PEER: the host name or address of the other site's gateway; LINK_NEEDS: as
# NEEDS, between the two; LINK_WAY: out if this end starts the tunnel, else in
look() {
  need NODE_NAME NODE_ADDRESS SUBNET ROLE PEERS NEEDS POD_CIDR SERVICE_CIDR LINK_MTU KUBERNETES_VERSION PROXY_MODE \
    CALICO TUNNEL LINK_PEER LINK_NEEDS LINK_WAY
  local lines
  lines=$(findings)
  if [[ -n $lines ]]; then result "$lines"; fi
  facts >&3
  date +$'fact\ttime\t%s.%N' >&3
}

# refuse_faults: prints what the look finds, and stops if the lab cannot work on this machine.
refuse_faults() {
  local lines severity code sentence refused=0
  lines=$(findings)
  while IFS=$'\t' read -r severity code sentence; do
    case $severity in
      refuse) refused=1 && say "refused: $sentence ($code)" ;;
      warn) say "note: $sentence ($code)" ;;
    esac
  done <<<"$lines"
  ((refused == 0)) || die "nothing was changed on $NODE_NAME; correct what is refused above, and run this again"
}

findings() {
  local NIC='' STAGE FIREWALLD=0 wrong
  STAGE=$(kubeadm_state)
  if ! wrong=$( (no_strange_cluster) 2>&1); then finding refuse strange-cluster "$wrong"; fi
  check_addresses
  check_gateway
  check_ranges
  check_ports
  check_cni_files
  check_name_servers
  check_control_groups
  check_size
  # Without the node's address, nothing is known of its NIC.
  if [[ -z $NIC ]]; then return; fi
  check_nic
  if systemctl is-active --quiet firewalld 2>/dev/null; then
    # shellcheck disable=SC2034 # rules.sh reads it
    FIREWALLD=1
    finding warn firewalld "firewalld is active on $NODE_NAME, and does not know the pods: \`up\` turns it off, and the" \
      "removal of the lab turns it on again"
  fi
  check_rules
  check_link
}

# finding SEVERITY CODE SENTENCE…
finding() {
  local severity=$1 code=$2
  shift 2
  printf '%s\t%s\t%s\n' "$severity" "$code" "$*"
}

# What two nodes must not have in common.
facts() {
  local NIC='' name
  name=$(uname -n)
  printf 'fact\thostname\t%s\n' "$name"
  if [[ -s /etc/machine-id ]]; then sed $'s/^/fact\tmachine-id\t/; q' /etc/machine-id; fi
  check_addresses >/dev/null
  if [[ -z $NIC ]]; then return; fi
  ip -o link show dev "$NIC" | sed -nE $'s/.* link\\/ether ([^ ]+).*/fact\tmac\t\\1/p'
}

# inside A B: whether the address or range A lies in the range B.
inside() {
  local length=32 prefix=${2#*/} one two
  if [[ $1 == */* ]]; then length=${1#*/}; fi
  one=$(number "${1%/*}")
  two=$(number "${2%/*}")
  ((length >= prefix && one >> (32 - prefix) == two >> (32 - prefix)))
}
number() {
  local -a parts
  IFS=. read -r -a parts <<<"$1"
  echo $(((parts[0] << 24) + (parts[1] << 16) + (parts[2] << 8) + parts[3]))
}
# address_in N: the address number N of the pods' range.
address_in() {
  local first
  first=$(number "${POD_CIDR%/*}")
  first=$((first + $1))
  echo "$((first >> 24)).$((first >> 16 & 255)).$((first >> 8 & 255)).$((first & 255))"
}

# Sets NIC. The address is what everything else is built on: kubelet would start without it, and the lab would fail
# minutes later, far from the cause.
check_addresses() {
  local device address kind found='' secondary='' others='' all
  all=$(ip -4 -o address show | awk '{ print $2, $4, / secondary / ? "secondary" : "" }')
  while read -r device address kind; do
    if [[ ${address%/*} == "$NODE_ADDRESS" ]]; then
      NIC=$device found=$address secondary=$kind
    elif inside "${address%/*}" "$SUBNET"; then
      others+="${others:+, }${address%/*} on $device"
    fi
  done <<<"$all"
  if [[ -z $NIC ]]; then
    all=$(ip -o address show scope global | awk '{ printf "%s%s (%s)", sep, $4, $2; sep = ", " }')
    finding refuse address-missing "$NODE_NAME has no interface with $NODE_ADDRESS, its address in the config; it" \
      "has: ${all:-none}"
    return
  fi
  if [[ ${found#*/} != "${SUBNET#*/}" ]]; then
    finding warn address-prefix "$NIC of $NODE_NAME has $found, and the config says that its subnet is $SUBNET: Calico" \
      "takes the prefix length of the interface, and a CrossSubnet encapsulation then judges by another subnet"
  fi
  if [[ -n $secondary && $TUNNEL == tunl0 ]]; then
    finding refuse address-secondary "$NODE_ADDRESS is a secondary address of $NIC on $NODE_NAME: IP-in-IP packets leave" \
      "with the first one, and other nodes drop them (Felix accepts them from node addresses only); give the node the" \
      "first address, here or in the config (nodeAddress): $others"
  elif [[ -n $others ]]; then
    finding warn address-second "$NODE_NAME has more than one address in $SUBNET, also $others: some of its packets may" \
      "leave with an address that other nodes do not expect; Calico is told to use $NODE_ADDRESS"
  fi
}

# Pods' packets to another subnet follow the machine's own route there, and no other router knows them.
check_gateway() {
  local peer route
  if [[ -z ${GATEWAY-} ]]; then return; fi
  while read -r peer; do
    if [[ -z $peer ]] || inside "$peer" "$SUBNET"; then continue; fi
    route=$(ip -4 route get "$peer" 2>/dev/null) || route="no route"
    if [[ " $route" == *" via $GATEWAY "* ]]; then continue; fi
    finding refuse other-gateway "$NODE_NAME sends what is for $peer not by the lab's router $GATEWAY, which learns the pods:" \
      "${route%%$'\n'*}; make that the gateway, or correct hosts.router"
    return
  done <<<"$PEERS"
}

# Routes of this machine inside the lab's ranges: a pod or Service with such an address cannot be reached from here.
check_ranges() {
  local key range routes destination rest
  for key in podCidr serviceCidr; do
    if [[ $key == podCidr ]]; then range=$POD_CIDR; else range=$SERVICE_CIDR; fi
    routes=$(own_routes | while read -r destination rest; do
      # A wider route over a gateway, such as one to 10.0.0.0/8, is no harm: the pods' routes are more specific.
      if inside "$destination" "$range" || { [[ $rest != *via\ * ]] && inside "$range" "$destination"; }; then
        echo "$destination $rest"
      fi
    done)
    if [[ -z $routes ]]; then continue; fi
    routes=$(sed -n 's/ *$//; 1,3p' <<<"$routes" | paste -sd ';' | sed 's/;/; /g')
    finding refuse route-overlap "$NODE_NAME has routes of its own in $key $range: $routes; remove what made them, or" \
      "choose another $key"
  done
}
# The machine's routes without those of the lab: on a node, pods' interfaces and tunnels, what BIRD (12), Felix (80) and
# pod-network.sh (201) made, and kube-proxy's interface.
own_routes() {
  ip -4 route show table main | sed -E 's/^(unicast|blackhole|unreachable|prohibit|throw) //' | {
    if [[ -n $STAGE ]]; then grep -vE ' dev (cali|tunl0|vxlan\.calico|cni0|kube-ipvs0)| proto (bird|12|80|201)\b' || true; else cat; fi
  } | grep -E '^[0-9]' || true
}

# Who else listens where the lab must. On a node it is the lab itself.
check_ports() {
  local name protocol first last sockets found by
  if [[ -n $STAGE ]]; then return; fi
  sockets=$(ss -Hlntup 2>/dev/null) || return 0
  while read -r name protocol first last _; do
    if [[ ! $protocol =~ ^(tcp|udp)$ ]]; then continue; fi
    found=$(awk -v protocol="$protocol" -v first="$first" -v last="$last" '$1 == protocol {
        port = $5; sub(/.*:/, "", port)
        if (port + 0 >= first && port + 0 <= last) { print port, $7; exit }
      }' <<<"$sockets")
    # The tunnel of the lab is one more in the strongSwan that the machine may have.
    if [[ $name =~ ^(ike|nat-t)$ && $found == *'("charon-systemd",'* ]]; then continue; fi
    if [[ -n $found ]]; then
      by=''
      if [[ $found =~ \(\"([^\"]+)\" ]]; then by=" by ${BASH_REMATCH[1]}"; fi
      finding refuse port-in-use "${protocol^^} ${found%% *} is in use on $NODE_NAME$by, and the lab needs it ($name): stop" \
        "that program"
    fi
  done <<<"$NEEDS"$'\n'"$LINK_NEEDS"
}

# The container runtime takes the first file in /etc/cni/net.d by name.
check_cni_files() {
  local file ours=10-calico.conflist
  if [[ $CALICO != 1 ]]; then ours=10-encaplab.conflist; fi
  for file in /etc/cni/net.d/*.conf /etc/cni/net.d/*.conflist /etc/cni/net.d/*.json; do
    if [[ ! -e $file ]]; then continue; fi
    file=${file##*/}
    if [[ $file == "$ours" && -n $STAGE ]]; then continue; fi
    if [[ $file < $ours ]]; then
      finding refuse cni-foreign "/etc/cni/net.d/$file on $NODE_NAME comes before the lab's $ours, so pods would get" \
        "another network; move it away"
    else
      finding warn cni-foreign "/etc/cni/net.d/$file on $NODE_NAME is not this lab's: pods that start before $ours is" \
        "written get another network; move it away"
    fi
  done
}

# kubeadm gives the kubelet the file of systemd-resolved only if that runs. Otherwise CoreDNS gets /etc/resolv.conf, and
# with a loopback address in it CoreDNS asks itself, finds the loop and stops (kubeadm#1292).
check_name_servers() {
  local file=/etc/resolv.conf server
  if systemctl is-active --quiet systemd-resolved 2>/dev/null; then file=/run/systemd/resolve/resolv.conf; fi
  server=$(awk '$1 == "nameserver" && ($2 ~ /^127\./ || $2 == "::1") { print $2; exit }' "$file" 2>/dev/null || true)
  if [[ -n $server ]]; then
    finding warn dns-loop "$file on $NODE_NAME names the name server $server, which is the pod itself inside a pod:" \
      "CoreDNS would ask itself and stop; put the real name servers there"
  fi
}

check_control_groups() {
  if ! cgroup_v1 || ((${KUBERNETES_VERSION:2:2} < 35)); then return; fi
  finding warn cgroup-v1 "$NODE_NAME has cgroup v1, which the kubelet refuses by default since Kubernetes 1.35; the lab" \
    "allows it (failCgroupV1: false), but a later release will not work"
}

# The limits of kubeadm's preflight checks (ControlPlaneMem and ControlPlaneNumCPU in its constants.go), and room for the
# images.
check_size() {
  local memory cores free
  memory=$(awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo)
  cores=$(nproc)
  if [[ $ROLE == control-plane ]]; then
    if ((memory < 1700)); then
      finding refuse memory "$NODE_NAME has $memory MiB of memory, and kubeadm wants 1700 MiB for a control plane"
    fi
    if ((cores < 2)); then finding refuse cores "$NODE_NAME has one CPU, and kubeadm wants two for a control plane"; fi
  elif ((memory < 900)); then
    finding warn memory "$NODE_NAME has $memory MiB of memory, too little for Calico and pods"
  fi
  if [[ -n $STAGE ]]; then return; fi
  free=$(df -Pk /var/lib | awk 'NR == 2 { print int($4 / 1024) }')
  if ((free < 3000)); then
    finding warn disk "$NODE_NAME has $free MiB left in /var/lib, and the images of a node need about 3000 MiB"
  fi
}

check_nic() {
  local mtu driver
  mtu=$(ip -o link show dev "$NIC" | sed -nE 's/.* mtu ([0-9]+).*/\1/p')
  if ((mtu < LINK_MTU)); then
    finding warn mtu "$NIC of $NODE_NAME carries $mtu bytes, and the lab is planned for $LINK_MTU: its verdict is wrong" \
      "for large packets, and so are the pods if the config sets mtu; set mtu: $mtu"
  fi
  driver=$(readlink "/sys/class/net/$NIC/device/driver" 2>/dev/null || true)
  if [[ $TUNNEL == vxlan.calico && ${driver##*/} == vmxnet3 ]]; then
    finding warn vxlan-checksum "$NIC of $NODE_NAME is a vmxnet3, some of which send VXLAN with bad checksums, so that" \
      "ping works and TCP does not (calico#4727); then run: ethtool -K $NIC tx-udp_tnl-segmentation off" \
      "tx-udp_tnl-csum-segmentation off"
  fi
}
