#!/usr/bin/env bash
# The pause process of a namespaces sandbox (see scripts/runtime/pause.sh), in a user namespace of its own.
#
#   unshare … bash sandbox-pause.sh FOLDER BOOT_ID USER
set -euo pipefail

source_dir=$(readlink -f -- "${BASH_SOURCE[0]}")
source_dir=${source_dir%/*}
source "$source_dir/../runtime/process.sh"
source "$source_dir/../runtime/pause.sh"
record namespaces false

mount -t proc proc /proc
# If root starts the sandbox, the sandbox's root passes the host's file owner checks: without this, `sysctl kernel.…`
# typed inside would change the host. Only net. is private to a network namespace, so only net. stays writable.
mount --bind /proc/sys /proc/sys
mount --bind /proc/sys/net /proc/sys/net
mount -o remount,ro,bind /proc/sys
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/netns /run/bird /run/encaplab/errors /run/lock
cp -r -- "$source_dir/sandbox-bin" /run/encaplab/bin
chmod 755 /run/encaplab/bin/*
mkdir -m 700 /run/encaplab/home
hostname twin
ip link set lo up

keep namespaces
