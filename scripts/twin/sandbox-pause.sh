#!/usr/bin/env bash
# The pause process: process 1 of a namespaces sandbox. It keeps the sandbox's namespaces alive and reaps orphans (as
# process 1 must; bash does that by itself on SIGCHLD). Everything inside dies with it.
#
#   unshare … bash sandbox-pause.sh FOLDER BOOT_ID
set -euo pipefail

source_dir=$(readlink -f -- "${BASH_SOURCE[0]}")
source_dir=${source_dir%/*}
# shellcheck source=/dev/null # checked separately
source "$source_dir/sandbox-record.sh"
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

record namespaces true
printf 'ready\n' 2>/dev/null || true
exec >/dev/null 2>&1

# `read` with a time limit, on a pipe without a writer, waits without starting a process. If the sandbox's folder was
# deleted or belongs to a later sandbox, end: nothing could find this sandbox any more.
# shellcheck disable=SC2312 # `:` cannot fail
exec {never}<> <(:)
while is_mine; do
  read -r -t 2 -u "$never" || true
done
