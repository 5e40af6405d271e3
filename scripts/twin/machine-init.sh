#!/usr/bin/env bash
# Process 1 of the machine, with the host's files as its root: sets up what a namespaces sandbox has, and serves two
# ports.
#   port 7001: receives a bash script until the client closes its half of the connection; returns the script's output
#   port 7002: receives a line "NAMESPACE TERM ROWS COLUMNS", then is a shell on a terminal
set -euo pipefail

# If process 1 ends, the kernel panics, and its trace hides the reason: print the reason in a line that is easy to find.
trap 'echo "encaplab: FAILED in line $LINENO: $BASH_COMMAND"' ERR

here=/run/encaplab
echo 'encaplab: the first process runs'
set -a
# shellcheck source=/dev/null
source "$here/environment"
set +a

mount -t tmpfs -o mode=1777 tmpfs /tmp
mkdir -p /dev/pts /dev/shm
# Elsewhere udev makes these links: without them, bash's <(…) fails.
ln -s /proc/self/fd /dev/fd
ln -s /proc/self/fd/0 /dev/stdin
ln -s /proc/self/fd/1 /dev/stdout
ln -s /proc/self/fd/2 /dev/stderr
mount -t devpts -o mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
chmod 755 "$here"/bin/*
hostname twin

# When the kernel itself requests a module (nft_masq, for the first rule with "masquerade"), load it from the image.
modprobe=$(command -v modprobe)
printf '#!/bin/bash\nexec %q -d %q "$@"\n' "$modprobe" "$here/image" >"$here/modprobe"
chmod 755 "$here/modprobe"
echo "$here/modprobe" >/proc/sys/kernel/modprobe
"$here/modprobe" -a virtio_net veth ipip vxlan bridge br_netfilter tun nf_tables nf_conntrack nf_conntrack_netlink
echo 'encaplab: drivers are loaded'
# A new namespace must not have a tunl0 before the node's own interface: the kernel takes the address of the first device
# for what a node sends to its own pods, and on a real node that is the interface's.
echo 2 >/proc/sys/net/core/fb_tunnels_only_for_init_net

ip link set lo up
ip link set eth0 up
ip address add 10.0.2.15/24 dev eth0

# nofork: the program uses the connection directly, without a process in between that copies bytes: under emulation,
# each process costs a tenth of a second.
listen=fork,reuseaddr,backlog=128
socat "TCP-LISTEN:7001,$listen" "EXEC:bash $here/bin/sandbox-script,nofork" >/dev/null 2>&1 </dev/null &
socat "TCP-LISTEN:7002,$listen" "EXEC:bash $here/bin/sandbox-terminal,nofork" >/dev/null 2>&1 </dev/null &

# Wait until both servers listen: before that, QEMU accepts a connection and then drops it.
for port in 7001 7002; do
  until : <"/dev/tcp/127.0.0.1/$port"; do sleep 0.02; done 2>/dev/null
done

read -r -a words </proc/cmdline
for word in "${words[@]}"; do
  if [[ $word == encaplab.boot=* ]]; then boot_id=${word#*=}; fi
done
# From here on only warnings on the console: a lab makes hundreds of devices, and each message costs time under
# emulation.
echo 4 >/proc/sys/kernel/printk
echo "encaplab: ready ${boot_id:?}"

# Process 1 reaps orphans (bash does that by itself). If a server ends, end too: the machine is useless without it, and
# the kernel's panic reports that.
wait -n
