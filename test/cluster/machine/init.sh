#!/usr/bin/env bash
# Process 1 of the machine, with the tests' machine's files as its root. `cache` is the folder of the caches.
set -Eeuo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 ENCAPLAB_MACHINE=1
export TMPDIR=${cache:?}/tmp XDG_CACHE_HOME=${cache%/*}

# Elsewhere udev makes these links: without them, bash's <(…) fails.
ln -s /proc/self/fd /dev/fd
for number in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${number%:*}" "/dev/${number#*:}"; done
mkdir -p /dev/pts /dev/shm /dev/mqueue /run/lock /run/netns
mount -t devpts -o mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t mqueue mqueue /dev/mqueue
mount --bind "$TMPDIR" /tmp
mount -t cgroup2 cgroup2 /sys/fs/cgroup
# As with systemd, the root group has groups alone.
mkdir /sys/fs/cgroup/user.slice
echo $$ >/sys/fs/cgroup/user.slice/cgroup.procs
hostname machine
ip link set lo up
# `lab up` would tell a user to load these, and why it does not do so itself.
modprobe -a br_netfilter ipip vxlan
sysctl -qw fs.inotify.max_user_instances=1024

status=0
bash /run/command >/dev/ttyS1 2>&1 </dev/null || status=$?
printf 'machine: exit %d\n' "$status" >/dev/ttyS1
sync
echo b >/proc/sysrq-trigger
