# shellcheck shell=bash
# Step `init` (sent with kubeadm.sh): makes the machine a control plane. KUBEADM_CONFIG: kubeadm's YAML; NODE_NAME;
# CLUSTER: one line with every setting that cannot change in a running cluster: when the line changes, a new cluster is
# made. Prints the hash of the cluster CA's public key, which the joins pin.
create() {
  need KUBEADM_CONFIG NODE_NAME CLUSTER
  local stage was hash ignored
  only_ours init
  stage=$(kubeadm_state)
  was=$(cat "$STATE/cluster" 2>/dev/null) || true
  if [[ $stage == 'init done' && -e /etc/kubernetes/admin.conf && $was == "$CLUSTER" ]]; then
    # The machine may have just rebooted.
    wait_for 300 "the API server on $NODE_NAME" api get --raw /readyz ||
      die "the API server on $NODE_NAME does not start; run there: sudo journalctl -u kubelet -n 50; sudo crictl ps -a"
    say "$NODE_NAME is already a control plane"
  else
    case $stage in
      'init done') start_over "another cluster was here ($was)" ;;
      '') ;;
      *) start_over "an earlier kubeadm init did not finish" ;;
    esac
    set_kubeadm_state 'init started'
    printf '%s\n' "$CLUSTER" >"$STATE/cluster"
    ignored_checks
    attend "kubeadm init on $NODE_NAME: images, certificates, etcd, the API server" initialise
  fi
  # Not inline as an argument: its failure would be ignored, and the joins would pin a wrong hash.
  hash=$(ca_hash)
  result "$hash"
}

initialise() {
  local version
  version=$(kubeadm version -o short)
  # On standard input: the text never reaches the disk or a process list.
  # A machine with its own kubeadm (air-gapped, a container) may have another patch release than the lab asks for, and
  # only the images of that release: use its version.
  printf '%s\n' "$KUBEADM_CONFIG" | sed "s/^kubernetesVersion: .*/kubernetesVersion: $version/" |
    kubeadm init --config /dev/stdin --skip-token-print "${ignored[@]}"
  # kubeadm creates a token that is valid for a day. We delete it: each join brings its own short-lived one (token.sh).
  api --namespace kube-system delete secrets --field-selector type=bootstrap.kubernetes.io/token
  set_kubeadm_state 'init done'
}
