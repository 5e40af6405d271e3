# shellcheck shell=bash
# Sourced after cgroup.sh. Which devices the nodes of a lab can open: null, zero, full, random, urandom, tty, console,
# ptmx and pts, and nothing of this machine's disks, memory, consoles or virtual machines. It is set on the lab's
# control group, which is above the nodes' own, so a node's root cannot take it back.

# limit_devices GROUP: GROUP is relative to the root of each hierarchy, and exists.
limit_devices() {
  local tree here
  here=$(dirname "${BASH_SOURCE[0]}")
  if [[ -e "/sys/fs/cgroup/devices/$1/devices.deny" ]]; then
    deny_devices "/sys/fs/cgroup/devices/$1"
    return
  fi
  tree=$(awk '$3 == "cgroup2" && $2 ~ /^\/sys\/fs\/cgroup/ { print $2; exit }' /proc/self/mounts)
  perl "$here/devices.pl" "$tree/$1" ||
    die "containers: this kernel does not let the nodes' devices be limited (BPF_CGROUP_DEVICE); the reason is above"
}

# Version 1. A list of what is allowed would refuse every privileged pod: runc allows it all devices, which a group can
# only do below one that allows all but some (security/device_cgroup.c). So deny, one by one, what this machine has.
# Only to read and write: runc also allows every pod to make any device node (`c *:* m`), which is of no use without
# either. 10:200 is /dev/net/tun, which older releases of runc allow every pod; it only leads into
# the node's own network.
deny_devices() {
  local numbers device
  numbers=$(
    echo 'b *:*'
    printf 'c 1:%d\n' 1 2 4 6 10 11 12
    awk '/^Block/ { exit } $1 ~ /^[0-9]+$/ && $1 !~ /^(1|5|10|136)$/ { print "c " $1 ":*" }' /proc/devices
    # Of the misc devices those that exist, and those that a driver may add later: vfio, uinput, fuse, kvm, device-mapper,
    # loop-control, vhost-net.
    { awk '$1 != 200 { print $1 }' /proc/misc && printf '%d\n' 196 223 229 232 236 237 238; } | sort -u | sed 's/^/c 10:/'
  )
  while read -r device; do echo "$device rw" >"$1/devices.deny"; done <<<"$numbers"
}
