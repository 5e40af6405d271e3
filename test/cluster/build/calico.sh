# shellcheck shell=bash disable=SC2154 # scripts and suite are set by `run`
# Sourced by `run`. Makes Calico's images from the programs of compile.sh and from Debian's BIRD and runit. Calico's own
# images are not in a package registry.

# make_calico ROOTFS PROGRAMS ARCHITECTURE FOLDER: makes FOLDER/calico.yaml, Calico's manifest as it was released, and
# FOLDER/images.tar with the images that the manifest names.
make_calico() {
  local rootfs=$1 programs=$2 architecture=$3 out=$4 folder=$4/parts version name
  version=$(cat "$programs/version")
  say "cluster: making the images of Calico $version"
  mkdir -p "$folder"/{tools,node,cni/opt/cni/bin,controllers/usr/bin}
  add_tools "$rootfs" "$folder/tools"
  calico_node "$rootfs" "$programs" "$folder/node"
  cp "$programs"/{calico,install} "$folder/cni/opt/cni/bin/"
  ln "$folder/cni/opt/cni/bin/calico" "$folder/cni/opt/cni/bin/calico-ipam" # one program under two names
  cp "$rootfs"/usr/lib/cni/{bandwidth,host-local,loopback,portmap,tuning} "$folder/cni/opt/cni/bin/"
  cp "$programs"/{kube-controllers,check-status} "$folder/controllers/usr/bin/"
  install -d "$folder/controllers/status" # kube-controllers writes here, and check-status reads it
  for name in tools node cni controllers; do
    install -d -m 1777 "$folder/$name/tmp"
    archive_layer "$folder" "$name"
  done
  name=docker.io/calico
  archive_image "$folder" "$architecture" "$name/node:$version" \
    '{"Cmd": ["start_runit"], "Env": ["SVDIR=/etc/service/enabled"]}' tools node
  archive_image "$folder" "$architecture" "$name/cni:$version" \
    '{"Cmd": ["/opt/cni/bin/install"], "Env": ["PATH=/opt/cni/bin"]}' cni
  archive_image "$folder" "$architecture" "$name/kube-controllers:$version" \
    '{"Entrypoint": ["/usr/bin/kube-controllers"]}' controllers
  archive "$folder" "$out/images.tar"
  cp "$programs/files/calico.yaml" "$out/"
}

# calico_node ROOTFS PROGRAMS FOLDER: the files of the image calico/node that are not in the layer of tools.
calico_node() {
  local rootfs=$1 programs=$2 folder=$3 debian=$3.debian program
  run_shown "cluster: BIRD and runit from Debian $suite" \
    mmdebstrap --mode=root --format=directory --variant=extract --include=bird,runit \
    --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
    "$suite" "$debian" ${ENCAPLAB_DEBIAN_MIRROR:+"$ENCAPLAB_DEBIAN_MIRROR"} || exit 1
  mkdir -p "$folder"/usr/{bin,sbin} "$folder"/etc/calico "$folder"/var/{log,lib}/calico
  cp "$debian"/usr/bin/{runsv,runsvdir,sv,chpst,svlogd} "$debian"/usr/sbin/{bird,bird6,birdc,birdc6} "$folder/usr/bin/"
  # Calico's probes run birdcl, the client without readline. Debian does not have it, but birdc knows the same commands.
  ln "$folder/usr/bin/birdc" "$folder/usr/bin/birdcl" && ln "$folder/usr/bin/birdc6" "$folder/usr/bin/birdcl6"
  for program in awk find; do cp "$(in_root "$rootfs" "/usr/bin/$program")" "$folder/usr/bin/$program"; done
  libraries "$debian" "$rootfs" "$folder"
  rm -rf "$debian"
  # shellcheck disable=SC2016 # $1 belongs to the script
  printf '#!/bin/sh\ncommand -v "$1"\n' >"$folder/usr/bin/which" # start_runit runs it
  chmod 755 "$folder/usr/bin/which"
  cp -r "$programs/files/filesystem/etc/." "$folder/etc/"
  cp "$programs/files/filesystem/sbin/"* "$folder/usr/sbin/"
  cp -r "$programs/files/confd" "$folder/etc/calico/"
  find "$folder"/etc/{service,rc.local} "$folder/usr/sbin" -type f -exec chmod 755 {} +
  without_krt_tunnel "$folder/etc/calico/confd/templates/bird_ipam.cfg.template"
  cp "$programs/calico-node" "$folder/usr/bin/"
}

# libraries DEBIAN ROOTFS FOLDER: copies the shared libraries of BIRD that the layer of tools may lack.
libraries() {
  local debian=$1 rootfs=$2 folder=$3 name file
  mkdir -p "$folder/usr/lib"
  for name in libreadline.so.8 libtinfo.so.6; do
    file=$(find "$debian" "$rootfs" -name "$name" -print -quit)
    [[ -n $file ]] || die "cluster: Debian $suite has no $name, but birdc needs it; see \`ldd birdc\`"
    cp -L "$file" "$folder/usr/lib/"
  done
}

# in_root ROOT FILE: prints the path of FILE after following its links inside ROOT.
in_root() { printf '%s%s' "$1" "$(chroot "$1" readlink -f "$2")"; }

# Calico's fork of BIRD has `krt_tunnel` for IPIP. Debian's BIRD does not know it and would refuse the whole file. The
# replacement accepts every route, which is right without a tunnel. So these images do not support IPIP.
without_krt_tunnel() {
  sed -i -E 's/krt_tunnel = "[^"]*";/if false then accept;/' "$1"
  ! grep -q krt_tunnel "$1" || die "cluster: $1 still sets krt_tunnel, but Debian's BIRD does not know it"
}
