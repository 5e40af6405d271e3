# shellcheck shell=bash
# Sourced. Control groups: each node's systemd has a subtree of its own in every hierarchy of this machine, be they version
# 1 (one for each controller) or version 2 (a single one).

# The group of a lab, from the root of each hierarchy. By the folder, so that two labs of one name have two.
lab_cgroup() { printf 'encaplab-%s' "$(printf %s "$1" | sha1sum | head -c 10)"; }

# Where hierarchies are mounted. Docker's and systemd's v1 layouts name each folder by its controllers.
cgroup_trees() { awk '$3 ~ /^cgroup2?$/ && $2 ~ /^\/sys\/fs\/cgroup/ { print $2 }' /proc/self/mounts; }

# make_cgroup PATH: in all hierarchies, with what a new group lacks until it is given.
make_cgroup() {
  local tree path part
  while read -r tree; do
    path=$tree
    for part in ${1//\// }; do
      # Version 2 (as the second tree of a hybrid layout it has none worth having): controllers reach a child only when its
      # parent hands them down.
      if [ -e "$path/cgroup.subtree_control" ] && [ "$tree" = /sys/fs/cgroup ]; then hand_down "$path"; fi
      path=$path/$part
      mkdir -p "$path"
      # Version 1: nothing can run in a new cpuset before it has processors and memory.
      if [ -e "$path/cpuset.cpus" ] && [ ! -e "$path/cgroup.controllers" ]; then
        [ -n "$(cat "$path/cpuset.cpus")" ] || cat "${path%/*}/cpuset.cpus" >"$path/cpuset.cpus"
        [ -n "$(cat "$path/cpuset.mems")" ] || cat "${path%/*}/cpuset.mems" >"$path/cpuset.mems"
      fi
    done
  done < <(cgroup_trees)
}

# To what is below FOLDER, whatever kubelet asks for. One by one: what cannot be had would take the others along. The
# machine's own systemd takes back from the root what nobody uses any more.
hand_down() { # FOLDER
  local controller controllers
  read -r -a controllers <"$1/cgroup.controllers" || true # none at all is an end of file
  for controller in "${controllers[@]}"; do
    echo "+$controller" >"$1/cgroup.subtree_control" || true
  done 2>/dev/null
}

# enter_cgroup PATH: this shell, in all hierarchies ("0" is whoever writes).
enter_cgroup() {
  local tree
  while read -r tree; do echo 0 >"$tree/$1/cgroup.procs"; done < <(cgroup_trees)
}

# remove_cgroup PATH: with all groups below; ends what still runs there. One may be busy for a moment after its last process.
remove_cgroup() {
  local tree pid deadline=$((SECONDS + 20))
  while read -r tree; do
    while [ -d "$tree/$1" ]; do
      find "$tree/$1" -depth -type d -exec rmdir {} \; 2>/dev/null || true
      [ -d "$tree/$1" ] || break
      while read -r pid; do kill -KILL "$pid" 2>/dev/null || true; done < <(find "$tree/$1" -name cgroup.procs -exec cat {} + 2>/dev/null)
      ((SECONDS < deadline)) || die "containers: the control group $tree/$1 is still in use 20 s after everything in it was ended"
      sleep 0.05
    done
  done < <(cgroup_trees)
}

# mount_cgroups FOLDER: this process's own groups, as the only ones there are. After `unshare --cgroup`.
mount_cgroups() {
  local tree name
  if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
    mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$1"
    return
  fi
  mount -t tmpfs -o mode=755,nosuid,nodev,noexec tmpfs "$1"
  while read -r tree; do
    name=${tree##*/}
    case $name in
      unified) continue ;; # a hybrid layout's second tree: the node's systemd does without
      systemd) mkdir "$1/$name" && mount -t cgroup -o none,name=systemd cgroup "$1/$name" ;;
      *) mkdir "$1/$name" && mount -t cgroup -o "$name" cgroup "$1/$name" ;;
    esac
  done < <(cgroup_trees)
}
