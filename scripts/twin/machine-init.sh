#!/usr/bin/env bash
# Process 1 of the machine, with the host's files as its root: sets up what a namespaces realm has, and answers.
#   port 7001: a bash script, until the connection's half closes; its output back
#   port 7002: a line "NAMESPACE TERM ROWS COLUMNS", then a shell on a terminal
set -euo pipefail

# Process 1 that ends is a kernel panic, whose trace would bury the reason: say it in a line that is easy to find.
trap 'echo "encaplab: FAILED in line $LINENO: $BASH_COMMAND"' ERR

here=/run/encaplab
set -a
# shellcheck source=/dev/null
source "$here/environment"
set +a

mount -t tmpfs -o mode=1777 tmpfs /tmp
mkdir -p /dev/pts /dev/shm
# What udev makes elsewhere: without them bash has no <(…).
ln -s /proc/self/fd /dev/fd
ln -s /proc/self/fd/0 /dev/stdin
ln -s /proc/self/fd/1 /dev/stdout
ln -s /proc/self/fd/2 /dev/stderr
mount -t devpts -o mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
chmod 755 "$here"/bin/*
hostname twin

# The kernel's own requests for modules (nft_masq, when a rule first says "masquerade") are answered from the image.
printf '#!/bin/bash\nexec %q -d %q "$@"\n' "$(command -v modprobe)" "$here/image" > "$here/modprobe"
chmod 755 "$here/modprobe"
echo "$here/modprobe" > /proc/sys/kernel/modprobe
"$here/modprobe" -a virtio_net veth ipip vxlan bridge br_netfilter tun nf_tables nf_conntrack nf_conntrack_netlink
echo 'encaplab: drivers are loaded'

ip link set lo up
ip link set eth0 up
ip address add 10.0.2.15/24 dev eth0

# nofork: the program runs on the connection itself, with no process in between that copies bytes; under emulation each
# process costs a tenth of a second.
listen=fork,reuseaddr,backlog=128
socat "TCP-LISTEN:7001,$listen" "EXEC:bash $here/bin/realm-script,nofork" > /dev/null 2>&1 < /dev/null &
socat "TCP-LISTEN:7002,$listen" "EXEC:bash $here/bin/realm-terminal,nofork" > /dev/null 2>&1 < /dev/null &

# Ready means answering: until a server listens, QEMU takes a connection and then drops it.
for port in 7001 7002; do
  until : < "/dev/tcp/127.0.0.1/$port"; do sleep 0.02; done 2> /dev/null
done

read -r -a words < /proc/cmdline
for word in "${words[@]}"; do
  if [[ $word == encaplab.boot=* ]]; then boot_id=${word#*=}; fi
done
echo "encaplab: ready ${boot_id:?}"

# Process 1 reaps orphans (bash does so by itself) and must not end: the kernel would panic. Without a server the
# machine is of no use, and the panic is what says so.
wait -n
