#!/usr/bin/env bash
# The holder: process 1 of a namespaces realm. It keeps the realm's namespaces alive, reaps orphans (as process 1 must;
# bash does so by itself on SIGCHLD), and everything inside dies with it.
#
#   unshare … bash realm-holder.sh FOLDER BOOT_ID
#
# It records itself in FOLDER/realm.json before it does anything else, so that no moment exists at which it runs and
# cannot be found: before the record, by its command line (see process.ts); afterwards, by the record.
set -euo pipefail

folder=$1
boot_id=$2
source_dir=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")

# The starter may be killed at any moment; a write to its pipe must not kill the realm half-built.
trap '' PIPE HUP INT TERM

# From here on the folder is the working directory: a tmpfs over /run may hide its path (XDG_RUNTIME_DIR lies there).
cd -- "$folder"

# /proc is still the outer one here, so this is the number by which others know this process. Field 2, the command's
# name, may hold spaces: fields are counted after its closing parenthesis. 20 fields on is the start time (proc(5)).
read -r stat < /proc/self/stat
outer_pid=${stat%% *}
read -r -a fields <<< "${stat##*) }"
start_time=${fields[19]}
read -r machine_boot < /proc/sys/kernel/random/boot_id

record() { # record READY: written beside and renamed, so that a reader never sees half a record
  printf '{"kind":"namespaces","bootId":"%s","pid":%s,"startTime":%s,"machineBoot":"%s","ready":%s}\n' \
    "$boot_id" "$outer_pid" "$start_time" "$machine_boot" "$1" > ./realm.json.new
  mv -f ./realm.json.new ./realm.json
}
record false

mount -t proc proc /proc
# Started by root, the realm's root is the host's root to a file's owner check: without this, `sysctl kernel.…` typed
# inside would change the host. Only net. is private to a network namespace, so only net. stays writable.
mount --bind /proc/sys /proc/sys
mount --bind /proc/sys/net /proc/sys/net
mount -o remount,ro,bind /proc/sys
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/netns /run/bird /run/encaplab /run/lock
cp -r -- "$source_dir/realm-bin" /run/encaplab/bin
chmod 755 /run/encaplab/bin/*
mkdir -m 700 /run/encaplab/home
hostname twin
ip link set lo up

record true
printf 'ready\n' 2> /dev/null || true
exec > /dev/null 2>&1

# `read` with a time limit on a pipe nobody writes to: waits without starting a process. A realm whose folder was
# deleted, or taken by a later realm, could not be found any more: it ends by itself.
exec {never}<> <(:)
while IFS= read -r current < ./realm.json && [[ $current == *"$boot_id"* ]]; do
  read -r -t 2 -u "$never" || true
done 2> /dev/null
