# shellcheck shell=bash disable=SC2154 # folder, here, spec and internet_resolver are set by `inside` and network.sh
# Sourced by `inside`. The nodes: each has a disk (FOLDER/nodes/NODE) and, while it runs, a `machine` process.

# Removes disks that a killed run left half-made or half-removed.
clear_interrupted() {
  mkdir -p "$folder/nodes"
  rm -rf --one-file-system "$folder"/nodes/.making.* "$folder"/nodes/.removed.*
}

# bring_nodes ROOTFS: makes, changes and removes machines until they match the spec.
bring_nodes() {
  local rootfs=$1 name address settings wanted was disk plug
  local -A there=()
  wanted=$(jq -r '.nodes[] | [.name, .address] | @tsv' "$spec")
  while IFS=$'\t' read -r name address; do there[$name]=yes; done <<<"$wanted"
  for name in "$folder"/nodes/*; do
    name=${name##*/}
    [[ $name == '*' || -n ${there[$name]-} ]] || remove_node "$name"
  done
  while IFS=$'\t' read -r name address; do
    disk=$folder/nodes/$name
    [[ -d $disk ]] || make_disk "$name" "$rootfs"
    plug=$(from_node "$name" .plug)
    settings="address=$address resolver=$internet_resolver"
    # A new address or subnet is like a new cable: switch the machine off to change it.
    was=$(cat "$disk/plug" "$disk/settings" 2>/dev/null) || true # a new disk has none yet
    if [[ $plug$'\n'$settings != "$was" ]]; then
      power_off "$name"
      printf '%s\n' "$settings" >"$disk/settings.new"
      mv "$disk/settings.new" "$disk/settings"
      printf '%s\n' "$plug" >"$disk/plug.new"
      mv "$disk/plug.new" "$disk/plug"
    fi
    from_node "$name" .unplug >"$disk/unplug"
    from_node "$name" '.host.apply // ""' >"$disk/host"
    from_node "$name" '.host.undo // ""' >"$disk/host.undo"
    # Into the same file, which the node has mounted: so a new key works at once, and nothing of the node has to run here.
    jq -r .publicKey "$spec" >"$disk/authorized_keys"
    is_running "$name" || power_on "$name"
  done <<<"$wanted"
  for name in "${!there[@]}"; do
    await_boot "$name"
    bring_host "$name"
  done
}

# from_node NODE FILTER: what the spec has for a node.
from_node() { jq -r --arg name "$1" ".nodes[] | select(.name == \$name) | $2" "$spec"; }

# bring_host NODE: brings what faults change in the node's network namespace to what its disk's folder says. `machine` does
# it before each boot, with the namespace new.
bring_host() {
  local disk=$folder/nodes/$1 now=/run/encaplab/hosts/$1
  mkdir -p "${now%/*}"
  if cmp -s "$disk/host" "$now"; then return; fi
  if [[ -s $now.undo ]]; then bash -e "$now.undo" 9>&-; fi
  rm -f "$now"
  cp "$disk/host.undo" "$now.undo" # before: what is half applied must be taken back, too
  bash -e "$disk/host" 9>&-
  cp "$disk/host" "$now.new"
  mv "$now.new" "$now"
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

# await_boot NODE: an emulated machine needs minutes for it.
await_boot() {
  within 300 "node $1 does not boot" has_booted_or_ended "$1"
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

# unplug NODE: removes its port and its network namespace.
unplug() {
  local disk=$folder/nodes/$1
  rm -f "/run/encaplab/hosts/$1" "/run/encaplab/hosts/$1.undo"
  if [[ -s "$disk/unplug" ]]; then bash "$disk/unplug" 9>&-; fi
  ip netns del "$1" 2>/dev/null || true
}

# plug NODE: makes the node's network namespace and its port.
plug() {
  unplug "$1"
  make_namespace "$1"
  bash -e "$folder/nodes/$1/plug" 9>&-
  bring_host "$1"
}
