# shellcheck shell=bash disable=SC2154 # folder, here, spec and internet_resolver are set by `inside` and network.sh
# Sourced by `inside`. The nodes: each has a disk (FOLDER/nodes/NODE) and, while it runs, a `machine` process.

# Removes disks that a killed run left half-made or half-removed.
clear_interrupted() {
  mkdir -p "$folder/nodes"
  rm -rf --one-file-system "$folder"/nodes/.making.* "$folder"/nodes/.removed.*
}

# bring_nodes ROOTFS: makes, changes and removes machines until they match the spec.
bring_nodes() {
  local rootfs=$1 name subnet address gateway mtu settings wanted bridge was
  local -A there=()
  mtu=$(jq -r .mtu "$spec")
  wanted=$(jq -r '(.subnets | map({(.name): .gateway}) | add) as $gateway |
    .nodes[] | [.name, .subnet, .address, $gateway[.subnet]] | @tsv' "$spec")
  while IFS=$'\t' read -r name subnet address gateway; do there[$name]=yes; done <<<"$wanted"
  for name in "$folder"/nodes/*; do
    name=${name##*/}
    [[ $name == '*' || -n ${there[$name]-} ]] || remove_node "$name"
  done
  while IFS=$'\t' read -r name subnet address gateway; do
    [[ -d "$folder/nodes/$name" ]] || make_disk "$name" "$rootfs"
    bridge=$(subnet_bridge "$subnet")
    settings="bridge=$bridge address=$address gateway=$gateway mtu=$mtu resolver=$internet_resolver"
    # A new address or subnet is like a new cable: switch the machine off to change it.
    was=$(cat "$folder/nodes/$name/settings" 2>/dev/null) || true # a new disk has none yet
    if [[ $settings != "$was" ]]; then
      power_off "$name"
      printf '%s\n' "$settings" >"$folder/nodes/$name/settings.new"
      mv "$folder/nodes/$name/settings.new" "$folder/nodes/$name/settings"
    fi
    # Into the same file, which the node has mounted: so a new key works at once, and nothing of the node has to run here.
    jq -r .publicKey "$spec" >"$folder/nodes/$name/authorized_keys"
    is_running "$name" || power_on "$name"
  done <<<"$wanted"
  for name in "${!there[@]}"; do await_boot "$name"; done
}

# make_disk NODE ROOTFS: a node keeps the root and the layer with which its disk was made: a used overlay does not fit
# other lower folders.
make_disk() {
  local name=$1 rootfs=$2 layer store disk
  layer=$(jq -r '.layer // ""' "$spec")
  disk=$(mktemp -d "$folder/nodes/.making.XXXXXX")
  mkdir -p "$disk"/{upper,work,root,containerd,kubelet}
  install -m 600 /dev/null "$disk/authorized_keys"
  chmod 755 "$disk/upper"
  printf '%s\n' "${layer:+$layer:}$rootfs" >"$disk/lower"
  ssh-keygen -q -t ed25519 -N '' -C "root@$name" -f "$disk/hostkey"
  tr -d - </proc/sys/kernel/random/uuid >"$disk/machine-id"
  # containerd's store is beside the overlay, because an overlay cannot hold containerd's own overlays. Hard links share
  # the images of the layer: they are never written to. The databases are, so they are copied.
  store=$layer/var/lib/containerd
  if [[ -n $layer && -d $store ]]; then
    if cp -al "$store/." "$disk/containerd/" 2>/dev/null; then
      find "$disk/containerd" -name '*.db' -exec sh -c 'for f; do cp -p "$f" "$f.own" && mv "$f.own" "$f"; done' sh {} +
    else # another file system
      rm -rf "$disk/containerd" && cp -a "$store" "$disk/containerd"
    fi
  fi
  mv "$disk" "$folder/nodes/$name"
}

# remove_node NODE
remove_node() {
  power_off "$1"
  rm -rf --one-file-system "$folder/nodes/.removed.$1"
  mv "$folder/nodes/$1" "$folder/nodes/.removed.$1" # first, so that a new node of this name never gets half a disk
  rm -rf --one-file-system "$folder/nodes/.removed.$1"
}

# is_running NODE
is_running() { runs "/run/encaplab/machines/$1"; }

# power_on NODE
power_on() {
  power_off "$1" # clean up after a machine that died by itself, or whose start was interrupted
  daemon "$folder/nodes/$1/console.log" bash "$here/machine" "$folder" "$1"
  record_process $! "/run/encaplab/machines/$1" || true # it has ended already: await_boot says why
}

# await_boot NODE
await_boot() {
  within 60 "node $1 does not boot" has_booted_or_ended "$1"
  is_running "$1" || die "containers: node $1 did not boot: $(cat "$folder/nodes/$1/console.log" || true)"
}
has_booted_or_ended() { has_booted "$1" || ! is_running "$1"; }

# has_booted NODE: the node's first process, which has recorded itself, has become its systemd.
has_booted() {
  local pid argv=()
  recorded "/run/encaplab/inits/$1" || return 1
  mapfile -d '' -t argv 2>/dev/null <"/proc/$pid/cmdline" || true
  [[ ${argv[*]} == /sbin/init ]]
}

# power_off NODE: kills until nothing is left: each process of a node is in its network namespace, or ends with the
# node's first process, which is in there.
power_off() {
  local pid cgroup
  if recorded "/run/encaplab/machines/$1"; then kill -KILL "$pid" 2>/dev/null || true; fi
  rm -f "/run/encaplab/machines/$1" "/run/encaplab/inits/$1"
  within 30 "node $1 does not stop; a process of it hangs in the kernel" is_off "$1"
  unplug "$1"
  cgroup=$(lab_cgroup "$folder")
  remove_cgroup "$cgroup/$1"
}
is_off() {
  local pids
  pids=$(ip netns pids "$1" 2>/dev/null) || return 0 # no such namespace
  [[ -n $pids ]] || return 0
  # shellcheck disable=SC2086 # split the list into PIDs
  kill -KILL $pids 2>/dev/null || true
  return 1
}

# unplug NODE: removes its veth pair and network namespace.
unplug() {
  ip -n fabric link del "$(node_port "$1")" 2>/dev/null || true
  ip netns del "$1" 2>/dev/null || true
}

# plug NODE BRIDGE ADDRESS GATEWAY MTU: makes the node's network namespace and its veth pair.
plug() {
  local port mac bridge=$2 address=$3 gateway=$4 mtu=$5
  port=$(node_port "$1")
  mac=$(mac_of "$address")
  make_namespace "$1"
  # On a real machine, Debian's systemd sets this at boot, before there is an interface
  # (/usr/lib/sysctl.d/50-default.conf). In a container it does not, and Felix copies the value to the pods' interfaces.
  ip netns exec "$1" sysctl -qw net.ipv4.conf.default.rp_filter=2
  ip -n fabric link del "$port" 2>/dev/null || true
  ip -n fabric link add "$port" mtu "$mtu" type veth peer name eth0 mtu "$mtu" address "$mac" netns "$1"
  ip -n fabric link set "$port" master "$bridge" up
  ip -n "$1" link set eth0 up
  ip -n "$1" addr add "$address" dev eth0
  ip -n "$1" route add default via "$gateway"
}
