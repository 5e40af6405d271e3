# shellcheck shell=bash
# What steps share about kubeadm: how far kubeadm came on this machine. $STATE/kubeadm says "init started",
# "init done", "join started" or "join done"; "started" while nobody holds the lock means that kubeadm was killed or failed.
kubeadm_state() { cat "$STATE/kubeadm" 2>/dev/null || true; }
set_kubeadm_state() {
  printf '%s\n' "$1" >"$STATE/kubeadm.new"
  mv "$STATE/kubeadm.new" "$STATE/kubeadm"
}

# A cluster that these scripts did not make is not theirs to reset.
no_strange_cluster() {
  local traces
  if [ -n "$(kubeadm_state)" ]; then return; fi
  traces=$(find /etc/kubernetes/*.conf /etc/kubernetes/manifests/*.yaml /var/lib/etcd/member /var/lib/kubelet/config.yaml \
    -maxdepth 0 2>/dev/null || true)
  [ -z "$traces" ] || die "$NODE_NAME belongs to a cluster that is not this lab's: it has ${traces//$'\n'/, }." \
    "Take the machine off the lab's list, or empty it: sudo kubeadm reset"
}

# only_ours init|join: nor is one that they made for another lab.
only_ours() {
  local stage
  no_strange_cluster
  stage=$(kubeadm_state)
  case $stage in
    '' | "$1 "*) ;;
    *)
      die "$NODE_NAME still is part of another lab ($stage), and not in this one's role. Take that lab down first," \
        "or, when it is gone: sudo kubeadm reset && sudo rm $STATE/kubeadm"
      ;;
  esac
}

# All that there is in the folders which kubeadm, kubelet, etcd, containerd and the CNI plugins fill. The later ones are host
# paths that kubeadm (kubelet-plugins) and Calico's manifest (nodeagent, xtables.lock) create, and Calico's pinned BPF objects.
folders_content() {
  find /etc/kubernetes /etc/cni /opt/cni /opt/containerd /var/lib/{cni,etcd,kubelet,calico} /var/log/{pods,containers,calico} \
    /usr/libexec/kubernetes /run/nodeagent /run/xtables.lock /sys/fs/bpf/calico -xdev 2>/dev/null | sort || true
}

mounts() { cat /proc/mounts; }
bpf_mounted() { grep -q '^[^ ]* /sys/fs/bpf bpf ' <<<"$(mounts)"; }

# Decides as kubeadm does (k8s.io/system-validators, getUnifiedMountpoint in cgroup_validator_linux.go): a mount on
# /sys/fs/cgroup decides at once, and then the first cgroup2 anywhere.
cgroup_v1() {
  local point type found=''
  while read -r _ point type _; do
    if [ "$point" = /sys/fs/cgroup ]; then
      if [ "$type" = tmpfs ]; then [ -d /sys/fs/cgroup/memory ]; else [ "$type" != cgroup2 ]; fi
      return
    fi
    case $type in
      cgroup2) return 1 ;;
      cgroup) found=yes ;;
    esac
  done < <(mounts)
  [ -n "$found" ]
}

# Puts into the array `ignored` the flags that kubeadm needs on this machine. With a kubelet of 1.35 or later its check
# SystemVerification fails on cgroup v1, whatever failCgroupV1 is (isCgroupsV1DisabledInKubelet in the same file). This flag
# may stand beside --config (isAllowedFlag in kubeadm's validation.go).
# shellcheck disable=SC2034 # the array is the caller's
ignored_checks() {
  local version
  ignored=()
  if ! cgroup_v1; then return; fi
  version=$(kubelet --version)
  version=${version#Kubernetes v1.}
  if ((${version%%.*} < 35)); then return; fi
  say "note: $NODE_NAME has cgroup v1, which a later Kubernetes will not run on; kubeadm's check of the system is skipped"
  ignored=(--ignore-preflight-errors=SystemVerification)
}

# From any half-done state back to a machine on which kubeadm can begin.
start_over() {
  attend "$1: kubeadm starts over on $NODE_NAME" kubeadm reset --force --cri-socket unix:///run/containerd/containerd.sock
}

# What a join pins: the SHA-256 of the cluster CA's public key.
ca_hash() {
  openssl x509 -in /etc/kubernetes/pki/ca.crt -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum |
    sed 's/^\([0-9a-f]*\).*/sha256:\1/'
}
