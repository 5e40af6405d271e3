# shellcheck shell=bash
# init (sent together with kubeadm.sh): the control plane. KUBEADM_CONFIG: kubeadm's YAML; NODE_NAME; CLUSTER: a line that
# says all of it which cannot change on a living cluster; with another line a new cluster is made
# Its result is what the joins pin: the hash of the cluster CA's public key.
create() {
  need KUBEADM_CONFIG NODE_NAME CLUSTER
  local was hash ignored
  only_ours init
  if [ "$(kubeadm_state)" = 'init done' ] && [ -e /etc/kubernetes/admin.conf ] && [ "$(cat "$STATE/cluster")" = "$CLUSTER" ]; then
    # The machine may just have been started again.
    wait_for 300 "the API server on $NODE_NAME" api get --raw /readyz ||
      die "the API server on $NODE_NAME does not come up; on the machine: sudo journalctl -u kubelet -n 50; sudo crictl ps -a"
    say "$NODE_NAME is a control plane already"
  else
    case $(kubeadm_state) in
      'init done')
        was=$(cat "$STATE/cluster")
        start_over "another cluster was here ($was)"
        ;;
      '') ;;
      *) start_over "an earlier kubeadm init did not end" ;;
    esac
    set_kubeadm_state 'init started'
    printf '%s\n' "$CLUSTER" >"$STATE/cluster"
    ignored_checks
    attend "kubeadm init on $NODE_NAME: images, certificates, etcd, the API server" initialise
  fi
  # On a line of its own: as an argument, its failure would go unnoticed and the joins would pin a wrong hash.
  hash=$(ca_hash)
  result "$hash"
}

initialise() {
  # From standard input: the text is nowhere on the disk and in no list of processes.
  # A machine that brings its own kubeadm (air-gapped, a container) may bring another patch than the one asked for, and
  # then has the images of that one.
  printf '%s\n' "$KUBEADM_CONFIG" | sed "s/^kubernetesVersion: .*/kubernetesVersion: $(kubeadm version -o short)/" |
    kubeadm init --config /dev/stdin --skip-token-print "${ignored[@]}"
  # kubeadm makes a token valid for a day; each join brings its own short-lived one (token.sh).
  api --namespace kube-system delete secrets --field-selector type=bootstrap.kubernetes.io/token
  set_kubeadm_state 'init done'
}
