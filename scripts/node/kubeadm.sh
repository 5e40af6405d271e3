# shellcheck shell=bash
# What the steps share about kubeadm. $STATE/kubeadm records how far kubeadm got on this machine: "init started",
# "init done", "join started" or "join done". If it says "started" and no run holds the lock, kubeadm was killed or
# failed.
kubeadm_state() { cat "$STATE/kubeadm" 2>/dev/null || true; }
set_kubeadm_state() {
  printf '%s\n' "$1" >"$STATE/kubeadm.new"
  mv "$STATE/kubeadm.new" "$STATE/kubeadm"
}

# Stops if the machine is in a cluster that these scripts did not make: a reset would destroy somebody else's cluster.
no_strange_cluster() {
  local stage traces
  stage=$(kubeadm_state)
  if [[ -n $stage ]]; then return; fi
  traces=$(find /etc/kubernetes/*.conf /etc/kubernetes/manifests/*.yaml /var/lib/etcd/member \
    /var/lib/kubelet/config.yaml -maxdepth 0 2>/dev/null || true)
  [[ -z $traces ]] || die "$NODE_NAME belongs to a cluster that is not this lab's: it has ${traces//$'\n'/, }." \
    "Remove the machine from the lab's config, or reset it: sudo kubeadm reset"
}

# only_ours init|join: stops also if these scripts made the machine a node of another lab, in the other role.
only_ours() {
  local stage
  no_strange_cluster
  stage=$(kubeadm_state)
  case $stage in
    '' | "$1 "*) ;;
    *)
      die "$NODE_NAME is still part of another lab ($stage), in a different role. Take that lab down first, or," \
        "if it no longer exists: sudo kubeadm reset && sudo rm $STATE/kubeadm"
      ;;
  esac
}

# Lists everything in the folders that kubeadm, kubelet, etcd, containerd and the CNI plugins fill. The last paths are
# those that kubeadm (kubelet-plugins) and Calico's manifest (nodeagent, xtables.lock) create, and Calico's pinned BPF
# objects.
folders_content() {
  find /etc/kubernetes /etc/cni /opt/cni /opt/containerd /var/lib/{cni,etcd,kubelet,calico} \
    /var/log/{pods,containers,calico} /usr/libexec/kubernetes /run/nodeagent /run/xtables.lock /sys/fs/bpf/calico \
    -xdev 2>/dev/null | sort || true
}

mounts() { cat /proc/mounts; }
bpf_mounted() {
  local mounted
  mounted=$(mounts)
  grep -q '^[^ ]* /sys/fs/bpf bpf ' <<<"$mounted"
}

# Decides as kubeadm does (k8s.io/system-validators, getUnifiedMountpoint in cgroup_validator_linux.go): a mount on
# /sys/fs/cgroup decides; without one, the first cgroup2 mount anywhere does.
cgroup_v1() {
  local mounted point type found=''
  mounted=$(mounts)
  while read -r _ point type _; do
    if [[ $point == /sys/fs/cgroup ]]; then
      if [[ $type == tmpfs ]]; then [[ -d /sys/fs/cgroup/memory ]]; else [[ $type != cgroup2 ]]; fi
      return
    fi
    case $type in
      cgroup2) return 1 ;;
      cgroup) found=yes ;;
    esac
  done <<<"$mounted"
  [[ -n $found ]]
}

# Sets the array `ignored` to the flags that kubeadm needs on this machine. With kubelet 1.35 or later, kubeadm's check
# SystemVerification fails on cgroup v1, whatever failCgroupV1 is (isCgroupsV1DisabledInKubelet in the same file).
# kubeadm accepts this flag together with --config (isAllowedFlag in its validation.go).
# shellcheck disable=SC2034 # the array is the caller's
ignored_checks() {
  local version
  ignored=()
  if ! cgroup_v1; then return; fi
  version=$(kubelet --version)
  version=${version#Kubernetes v1.}
  if ((${version%%.*} < 35)); then return; fi
  say "note: $NODE_NAME has cgroup v1, which later Kubernetes releases will not support;" \
    "skipping kubeadm's system check"
  ignored=(--ignore-preflight-errors=SystemVerification)
}

# start_over WHY: resets the machine from any half-done state, so that kubeadm can begin again.
start_over() {
  attend "$1: kubeadm starts over on $NODE_NAME" \
    kubeadm reset --force --cri-socket unix:///run/containerd/containerd.sock
  no_felix_leftovers
}

# kubeadm leaves Calico's tunnel and routes, and on a node without a tunnel's address the new Felix does not look at them: a
# direct route of before would stay in the way of BIRD's. 80 is Felix' number of routes (noEncapProtocol in its vxlan_mgr.go).
no_felix_leftovers() {
  ip link del dev vxlan.calico 2>/dev/null || true
  ip -4 route flush proto 80 || true
}

# The SHA-256 of the cluster CA's public key, which the joins pin.
ca_hash() {
  openssl x509 -in /etc/kubernetes/pki/ca.crt -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum |
    sed 's/^\([0-9a-f]*\).*/sha256:\1/'
}
