#!/usr/bin/env bash
# The pause process of a machine sandbox (see scripts/runtime/pause.sh): in its namespaces, QEMU runs. QEMU forwards its
# control ports to 127.0.0.1 of that network namespace, so nothing listens on the host. QEMU dies with the pause process.
#
#   unshare … bash machine-pause.sh FOLDER BOOT_ID USER IMAGE SILENCE
# FOLDER holds the initramfs, IMAGE vmlinux and modules. SILENCE: seconds without anything new on the console after
# which a machine that boots counts as hung.
set -euo pipefail

source_dir=$(readlink -f -- "${BASH_SOURCE[0]}")
source_dir=${source_dir%/*}
image=$4
silence=$5
source "$source_dir/../runtime/process.sh"
source "$source_dir/../runtime/pause.sh"
record machine false

mount -t proc proc /proc
hostname twin-host
ip link set lo up

# nokaslr, mitigations=off, audit=0: there is nothing to protect in here, and each protection costs seconds under
# emulation. rcu_expedited: making a network namespace waits for RCU. Without it, each takes a tenth of a second. Not
# `quiet`: the kernel's messages are how a slow machine is told from one that hangs.
command_line="console=ttyS0 panic=-1 mitigations=off nokaslr audit=0 apparmor=0 random.trust_cpu=on
  rcupdate.rcu_expedited=1 net.ifnames=0 encaplab.boot=$boot_id"

# qemu ACCELERATOR…: the host's files are read-only. The network only lets connections in, to the control ports.
qemu() {
  exec qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot -M pc -m 1G -smp 2 "$@" \
    -kernel "$image/vmlinux" -initrd ./initramfs -append "${command_line//$'\n'/}" -serial stdio \
    -virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
    -virtfs "local,path=$image,mount_tag=image,security_model=none,readonly=on" \
    -netdev user,id=control,restrict=on,hostfwd=tcp:127.0.0.1:7001-:7001,hostfwd=tcp:127.0.0.1:7002-:7002 \
    -device virtio-net-pci,netdev=control,romfile= </dev/null 2>&1
}

# The starter reads this process's output until the machine is ready. If it is gone before that (Ctrl-C, or killed),
# the machine is not wanted any more: leave nothing. `.` is a sign of life.
tell_starter() {
  printf '%s\n' "$1" 2>/dev/null || abandoned=yes
}

# A KVM that exists but does not work (nested, half-emulated) reports an error or hangs silently. So until the first
# `encaplab:` line under KVM, which takes a second or two, this many seconds of silence must do.
kvm_silence=10

# run ACCELERATOR…: runs QEMU and follows its console. Returns when the machine is off, with 1 if it never became ready.
run() {
  local ready='' line='' part silent=0 limit=$silence status
  [[ $* != *kvm* ]] || limit=$kvm_silence
  printf '[encaplab] %s\n' "$*" >>./console.log
  # shellcheck disable=SC2312 # the end of the console says that it has ended
  exec {console}< <(qemu "$@")
  local qemu_pid=$!
  while is_mine; do
    status=0
    IFS= read -r -t 2 -u "$console" part || status=$?
    line+=$part
    if [[ -z $ready ]]; then
      tell_starter .
      [[ -z $abandoned ]] || break
      # Count turns, not the clock: this process may be slow itself, or the computer asleep.
      silent=$((silent + 2))
      # A line that is not complete yet is something new, too.
      if [[ -n $part ]] || ((status == 0)); then silent=0; fi
    fi
    if ((status == 0)); then
      line=${line%$'\r'}
      printf '%s\n' "$line" >>./console.log
      [[ $line != *"KVM internal error"* ]] || break
      if [[ $line == *"encaplab: ready $boot_id"* ]]; then
        ready=yes
        record machine true
        tell_starter ready
      elif [[ $line == *'encaplab: '* && -z $ready ]]; then
        limit=$silence
        tell_starter "${line##*encaplab: }"
      fi
      line=''
    elif ((status <= 128)); then # the console is closed: QEMU has ended
      printf '%s\n' "$line" >>./console.log
      break
    fi
    if ((silent > limit)); then
      printf 'with %s: nothing new on the console for %d s\n' "$*" "$limit" >&2
      break
    fi
  done
  kill -KILL "$qemu_pid" 2>/dev/null || true
  # Until it is gone, the next QEMU could not have its ports.
  wait "$qemu_pid" 2>/dev/null || true
  exec {console}<&-
  [[ -n $ready ]]
}

abandoned=''
# Under emulation an old CPU is faster: with a new one, the C library uses vector instructions, which are slow to
# emulate.
if [[ -r /dev/kvm && -w /dev/kvm ]] && run -accel kvm -cpu host; then exit 0; fi
if [[ -z $abandoned ]] && run -accel tcg,thread=multi,tb-size=512 -cpu Nehalem,+rdrand; then exit 0; fi
if [[ -n $abandoned ]] && is_mine; then
  rm -rf -- "$PWD"
  exit 1
fi
printf 'the machine did not become ready\n' >&2
exit 1
