# shellcheck shell=bash
# Step `join` (sent with kubeadm.sh): makes the machine a worker. JOIN_CONFIG: kubeadm's YAML, with the token (secret);
# NODE_NAME
create() {
  need JOIN_CONFIG NODE_NAME
  local stage ignored
  only_ours join
  if joined; then
    say "$NODE_NAME is already a node of the cluster"
    return
  fi
  stage=$(kubeadm_state)
  if [[ -n $stage ]]; then start_over "an earlier join is unfinished or no longer valid"; fi
  set_kubeadm_state 'join started'
  ignored_checks
  attend "kubeadm join on $NODE_NAME" join
}

join() {
  # On standard input: the token never reaches the disk or a process list.
  kubeadm join --config /dev/stdin "${ignored[@]}" <<<"$JOIN_CONFIG"
  set_kubeadm_state 'join done'
}

# Joined to this cluster, and known to its API server. A control plane that was rebuilt has another CA.
joined() {
  local stage hash
  stage=$(kubeadm_state)
  [[ $stage == 'join done' && -e /etc/kubernetes/kubelet.conf ]] || return 1
  # An empty hash would match any configuration.
  hash=$(ca_hash) || return 1
  grep -qF "$hash" <<<"$JOIN_CONFIG" || return 1
  wait_for 60 "the API server's answer to $NODE_NAME" answered ||
    die "$NODE_NAME joined earlier but cannot reach the API server now:" \
      "is the control plane up, and is its port 6443 open to this node?"
  as_kubelet >/dev/null 2>&1
}

as_kubelet() {
  kubectl --kubeconfig /etc/kubernetes/kubelet.conf --request-timeout=10s get node "$NODE_NAME" --output name
}

# A refusal is an answer too: the node was deleted, or its certificate is no longer valid.
answered() {
  local answer
  answer=$(as_kubelet 2>&1) && return
  case $answer in
    *NotFound* | *Unauthorized* | *'must be logged in'* | *x509*) ;;
    *)
      printf '%s' "$answer"
      return 1
      ;;
  esac
}
