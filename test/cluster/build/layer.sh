# shellcheck shell=bash disable=SC2154 # here is set by `run`
# Sourced by `run`. Makes the node layer.

# make_layer ROOTFS BINARIES ARCHITECTURE FOLDER: makes the node layer in FOLDER.
make_layer() {
  local rootfs=$1 binaries=$2 architecture=$3 out=$4
  install -d "$out/usr/bin" "$out/opt/cni/bin" "$out/usr/lib/systemd/system/kubelet.service.d" "$out/etc/default" \
    "$out/etc/systemd/system/multi-user.target.wants" "$out/var/lib/containerd"
  cp -a "$binaries/hyperkube" "$binaries/kubeadm" "$binaries/kubelet" "$binaries/kubectl" "$out/usr/bin/"
  cp -a "$rootfs/usr/lib/cni/." "$out/opt/cni/bin/"
  kubelet_unit "$out"
  say "cluster: making the images"
  make_images "$rootfs" "$binaries" "$architecture" "$out/images.tar"
  run_shown "cluster: preloading containerd's store" \
    unshare --mount --pid --fork --kill-child --propagation private \
    bash "$here/store" "$rootfs" "$out/var/lib/containerd" "$out/images.tar" ||
    die "cluster: the images could not be loaded; the lines above say why"
  rm "$out/images.tar"
}

# kubelet_unit FOLDER: kubelet's systemd unit, as in the Debian packages of Kubernetes (kubernetes/release,
# cmd/krel/templates/latest/kubelet and kubeadm).
kubelet_unit() {
  cat >"$1/usr/lib/systemd/system/kubelet.service" <<'UNIT'
[Unit]
Description=kubelet: The Kubernetes Node Agent
Documentation=https://kubernetes.io/docs/
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=/usr/bin/kubelet
Restart=always
StartLimitInterval=0
RestartSec=10

[Install]
WantedBy=multi-user.target
UNIT
  cat >"$1/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf" <<'UNIT'
# Note: This dropin only works with kubeadm and kubelet v1.11+
[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
# This is a file that "kubeadm init" and "kubeadm join" generates at runtime, populating the KUBELET_KUBEADM_ARGS variable dynamically
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
# This is a file that the user can use for overrides of the kubelet args as a last resort.
EnvironmentFile=-/etc/default/kubelet
ExecStart=
ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
UNIT
  echo 'KUBELET_EXTRA_ARGS=' >"$1/etc/default/kubelet"
  ln -s /usr/lib/systemd/system/kubelet.service "$1/etc/systemd/system/multi-user.target.wants/kubelet.service"
}

# make_images ROOTFS BINARIES ARCHITECTURE FILE.tar: the images that this kubeadm needs, under the names that it uses.
make_images() {
  local rootfs=$1 binaries=$2 architecture=$3 file=$4 folder=$4.parts version names name entrypoint layers
  version=$("$binaries/kubeadm" version -o short)
  names=$("$binaries/kubeadm" config images list --kubernetes-version "$version")
  mkdir -p "$folder/hyperkube/usr/local/bin"
  cp -a "$binaries/hyperkube" "$binaries"/kube-* "$folder/hyperkube/usr/local/bin/"
  mkdir -p "$folder/etcd/usr/local/bin" "$folder/coredns" "$folder/pause"
  cp "$binaries/etcd" "$folder/etcd/usr/local/bin/"
  cp "$binaries/coredns" "$folder/coredns/"
  cp "$binaries/pause" "$folder/pause/"
  mkdir "$folder/tools"
  add_tools "$rootfs" "$folder/tools"
  for name in hyperkube etcd coredns pause tools; do
    install -d -m 1777 "$folder/$name/tmp"
    archive_layer "$folder" "$name"
  done
  while read -r name; do
    layers=(hyperkube)
    case $name in
      */etcd:*) layers=(etcd) entrypoint=/usr/local/bin/etcd ;;
      */coredns:*) layers=(coredns) entrypoint=/coredns ;;
      */pause:*) layers=(pause) entrypoint=/pause ;;
      # kube-proxy calls iptables, nft, ipset, conntrack and modprobe.
      */kube-proxy:*) layers=(hyperkube tools) entrypoint=/usr/local/bin/kube-proxy ;;
      */kube-*) entrypoint=${name##*/} entrypoint=/usr/local/bin/${entrypoint%:*} ;;
      *) die "cluster: this kubeadm needs the image $name, but $here/layer.sh cannot make it" ;;
    esac
    archive_image "$folder" "$architecture" "$name" "{\"Entrypoint\": [\"$entrypoint\"]}" "${layers[@]}"
  done <<<"$names"
  # For study pods and test pods: a shell, ping, ip, curl, iperf3, socat, tcpdump and conntrack.
  archive_image "$folder" "$architecture" encaplab.local/tools:1 '{"Entrypoint": ["/bin/sh"]}' tools
  archive "$folder" "$file"
}

# add_tools ROOTFS FOLDER: the programs that kube-proxy and calico-node run, and those that a test pod needs.
add_tools() { tools "$1" | tar -C "$1" --no-recursion --files-from - -c | tar -C "$2" -x; }

# tools ROOTFS: prints the files of these Debian packages and of everything they depend on, as they are in the node
# root. No package lists the alternatives (iptables for iptables-nft) and the links of a merged /usr: scripts made them.
tools() {
  local packages
  packages=$(chroot "$1" apt-cache depends --recurse --installed --no-recommends --no-suggests --no-conflicts \
    --no-breaks --no-replaces --no-enhances iptables nftables ipset conntrack kmod iproute2 iputils-ping curl procps \
    coreutils dash grep sed socat tcpdump iperf3 2>/dev/null | grep '^[a-z]' | sort -u)
  # shellcheck disable=SC2086 # split the list into names
  {
    chroot "$1" dpkg -L $packages | sed -E 's#^/(bin|sbin|lib|lib64)(/|$)#/usr/\1\2#'
    (cd "$1" && printf '/%s\n' bin sbin lib lib64 usr/bin/sh etc/ld.so.cache {etc/alternatives,usr/sbin}/*tables*)
    printf '%s\n' /etc/passwd /etc/group
  } | grep -v '^/\.$' | sort -u | while read -r file; do
    if [[ -e "$1$file" || -L "$1$file" ]]; then printf '.%s\n' "$file"; fi
  done
}
