#!/usr/bin/env bash
# Prints, as its last line, the folder of what the QEMU machine boots: `vmlinux`, `busybox`, `lib/modules`. Debian's
# kernel with its network drivers and busybox are unpacked from Debian's packages into the user's cache and not
# installed: /boot, /lib/modules and the boot loader stay as they are. apt checks the packages by its signatures.
set -Eeuo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../engine/progress.sh"
source "$here/../containers/cache.sh"
for dir in /usr/sbin /sbin; do case ":$PATH:" in *":$dir:"*) ;; *) PATH=$PATH:$dir ;; esac done
export LC_ALL=C
trap 'say "$label: line $LINENO failed: $BASH_COMMAND"' ERR

# Increase this when what is unpacked, or how, changes. An image of another form is then not used.
form=1
label="the machine's kernel"
way_out='on another distribution than Debian and Ubuntu, "sudo modprobe ipip br_netfilter" lets the twin run without a machine'

# The files of the kernel's package that are unpacked: 65 of 400 MB.
wanted=('./boot/vmlinuz-*' './lib/modules/*/modules.*')
for part in net lib crypto arch fs/9p fs/netfs fs/fscache drivers/virtio drivers/net; do
  wanted+=("./lib/modules/*/kernel/$part")
done
left_out=('--exclude=*/drivers/net/ethernet' '--exclude=*/drivers/net/wireless' '--exclude=*/drivers/net/usb')

make() {
  local work=$1 kernel release
  type -P apt-get dpkg-deb >/dev/null || die "$label: there is no apt-get or dpkg-deb on this computer; $way_out"
  mkdir "$work/download"
  cd "$work/download"
  apt=()
  kernel=$(kernel_package)
  # The computer's package lists may be missing, or name a version that the servers no longer have.
  if [[ -z $kernel ]] || ! fetch "$kernel" busybox-static; then
    own_lists
    kernel=$(kernel_package)
    [[ -n $kernel ]] || die "$label: apt finds no Debian kernel (package linux-image-amd64); $way_out"
    fetch "$kernel" busybox-static || die "$label: it cannot be downloaded; the lines above say why"
  fi
  release=${kernel#linux-image-}
  dpkg-deb --fsys-tarfile "$kernel"_*.deb |
    tar --extract --directory="$work" --wildcards "${left_out[@]}" "${wanted[@]}"
  depmod -b "$work" "$release"
  unpack_kernel "$work"/boot/vmlinuz-* "$work/vmlinux"
  dpkg-deb --extract busybox-static_*.deb busybox
  mv busybox/bin/busybox "$work/busybox"
  cd "$work"
  rm -rf download boot
}

# The package that linux-image-amd64 depends on now; nothing if the lists do not have it.
kernel_package() {
  { apt-cache "${apt[@]}" depends linux-image-amd64 2>/dev/null || true; } |
    sed -n '/^ *Depends: linux-image-/ { s/.*: //p; q; }'
}

# As root, apt would fetch as the user _apt, which may not write here.
fetch() { run_shown "$label: downloading (70 MB, once)" apt-get "${apt[@]}" -o APT::Sandbox::User=root download "$@"; }

# Reads the package lists into a folder of our own: the computer's own lists stay as they are, and only root may write
# them.
own_lists() {
  apt=(-o "Dir::State::Lists=$PWD/lists" -o "Dir::Cache=$PWD/cache")
  mkdir -p lists/partial cache/archives/partial
  run_shown "$label: reading the package lists" apt-get "${apt[@]}" -o APT::Sandbox::User=root update ||
    die "$label: the package lists cannot be read; the lines above say why"
}

# unpack_kernel PACKED TARGET: extracts the kernel from its self-unpacking file, which would take four seconds to unpack
# itself under emulation. QEMU boots the bare kernel by PVH. Offsets: Documentation/arch/x86/boot.rst of the kernel.
unpack_kernel() {
  local packed=$1 target=$2 sectors start length magic
  sectors=$(number "$packed" 1 $((0x1f1)))
  start=$(number "$packed" 4 $((0x248)))
  start=$(((sectors + 1) * 512 + start))
  length=$(number "$packed" 4 $((0x24c)))
  magic=$(od -An -tx1 -j "$start" -N 4 "$packed")
  [[ $magic == ' fd 37 7a 58' ]] ||
    die "$label: Debian's kernel is not packed with xz as expected (${packed##*/}); $way_out"
  # The kernel's size follows the xz stream, and xz does not accept it as padding. So read one stream only.
  head -c $((start + length)) "$packed" | tail -c +$((start + 1)) >"$target.xz"
  xz --decompress --single-stream "$target.xz"
}

# number FILE BYTES OFFSET: an unsigned number. od reads it in this computer's byte order, and x86 is little-endian.
number() { od -An -t "u$2" -j "$3" -N "$2" "$1" | tr -d ' '; }

processor=$(uname -m)
[[ $processor == x86_64 ]] || die "$label: the QEMU machine is built for x86_64 only, and this is $processor; $way_out"
folder=$encaplab_cache/machine/form-$form
keep "$folder" "$label" make >&2
printf '%s\n' "$folder"
