# shellcheck shell=bash
# Sourced. Control groups: each node's systemd has a subtree of its own in every hierarchy of this machine: version 1
# has one hierarchy per controller, version 2 a single one.

# lab_cgroup FOLDER: prints the group of a lab, relative to the root of each hierarchy. Named after the folder: two labs
# may have the same name.
lab_cgroup() {
  local sum
  sum=$(printf %s "$1" | sha1sum | head -c 10)
  printf 'encaplab-%s' "$sum"
}

# Where the hierarchies are mounted. In Docker's and systemd's v1 layouts, each folder has the name of its controllers.
cgroup_trees() { awk '$3 ~ /^cgroup2?$/ && $2 ~ /^\/sys\/fs\/cgroup/ { print $2 }' /proc/self/mounts; }

# make_cgroup PATH: makes the group in all hierarchies, with the settings without which a new group is unusable.
make_cgroup() {
  local tree path part own setting trees
  trees=$(cgroup_trees)
  while read -r tree; do
    path=$tree
    for part in ${1//\// }; do
      # Version 2: a child gets only the controllers that its parent enables for it. Skip the second tree of a hybrid
      # layout: it has no useful controllers.
      if [[ -e "$path/cgroup.subtree_control" && $tree == /sys/fs/cgroup ]]; then enable_controllers "$path"; fi
      path=$path/$part
      mkdir -p "$path"
      # Version 1: no process can enter a new cpuset before it has processors and memory.
      if [[ -e "$path/cpuset.cpus" && ! -e "$path/cgroup.controllers" ]]; then
        for setting in cpuset.cpus cpuset.mems; do
          own=$(cat "$path/$setting")
          [[ -n $own ]] || cat "${path%/*}/$setting" >"$path/$setting"
        done
      fi
    done
  done <<<"$trees"
}

# enable_controllers FOLDER: enables all controllers for the groups below FOLDER, because kubelet may ask for any of
# them. One by one: a single unavailable controller would make a common write fail. Nothing here undoes this: the
# machine's own systemd disables unused controllers at the root.
enable_controllers() {
  local controller controllers
  read -r -a controllers <"$1/cgroup.controllers" || true # an empty file counts as end of file
  for controller in "${controllers[@]}"; do
    echo "+$controller" >"$1/cgroup.subtree_control" || true
  done 2>/dev/null
}

# enter_cgroup PATH: moves this shell into the group, in all hierarchies ("0" is the writing process).
enter_cgroup() {
  local tree trees
  trees=$(cgroup_trees)
  while read -r tree; do echo 0 >"$tree/$1/cgroup.procs"; done <<<"$trees"
}

# remove_cgroup PATH: removes the group with all groups below it, and kills what still runs there. Retries: a group may
# stay busy for a moment after its last process has ended.
remove_cgroup() {
  local tree trees pid pids deadline=$((SECONDS + 20))
  trees=$(cgroup_trees)
  while read -r tree; do
    while [[ -d "$tree/$1" ]]; do
      find "$tree/$1" -depth -type d -exec rmdir {} \; 2>/dev/null || true
      [[ -d "$tree/$1" ]] || break
      pids=$(find "$tree/$1" -name cgroup.procs -exec cat {} + 2>/dev/null) || true # a group ends while we look
      for pid in $pids; do kill -KILL "$pid" 2>/dev/null || true; done
      ((SECONDS < deadline)) ||
        die "containers: the control group $tree/$1 is still in use 20 s after everything in it was killed"
      sleep 0.05
    done
  done <<<"$trees"
}

# mount_cgroups FOLDER: mounts the hierarchies so that only this process's groups are visible. Call after `unshare
# --cgroup`.
mount_cgroups() {
  local tree trees name type
  type=$(stat -f -c %T /sys/fs/cgroup)
  trees=$(cgroup_trees)
  if [[ $type == cgroup2fs ]]; then
    mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$1"
    return
  fi
  mount -t tmpfs -o mode=755,nosuid,nodev,noexec tmpfs "$1"
  while read -r tree; do
    name=${tree##*/}
    case $name in
      unified) continue ;; # the second tree of a hybrid layout, which the node's systemd does not need
      systemd) mkdir "$1/$name" && mount -t cgroup -o none,name=systemd cgroup "$1/$name" ;;
      *) mkdir "$1/$name" && mount -t cgroup -o "$name" cgroup "$1/$name" ;;
    esac
  done <<<"$trees"
}
