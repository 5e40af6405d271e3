# shellcheck shell=bash
# join (sent together with kubeadm.sh): makes the machine a worker. JOIN_CONFIG: kubeadm's YAML, with the token (secret);
# NODE_NAME
create() {
  need JOIN_CONFIG NODE_NAME
  local ignored
  only_ours join
  if joined; then
    say "$NODE_NAME is a node of the cluster already"
    return
  fi
  if [ -n "$(kubeadm_state)" ]; then start_over "what an earlier join left does not fit"; fi
  set_kubeadm_state 'join started'
  ignored_checks
  attend "kubeadm join on $NODE_NAME" join
}

join() {
  # From standard input: the token is nowhere on the disk and in no list of processes.
  kubeadm join --config /dev/stdin "${ignored[@]}" <<<"$JOIN_CONFIG"
  set_kubeadm_state 'join done'
}

# In this very cluster (the control plane may have been made anew, with another CA), and known there.
joined() {
  [ "$(kubeadm_state)" = 'join done' ] && [ -e /etc/kubernetes/kubelet.conf ] || return 1
  grep -qF "$(ca_hash)" <<<"$JOIN_CONFIG" || return 1
  wait_for 60 "the API server's answer to $NODE_NAME" answered ||
    die "$NODE_NAME joined earlier and cannot reach the API server now: is the control plane up, is port 6443 open to it?"
  as_kubelet >/dev/null 2>&1
}

as_kubelet() {
  kubectl --kubeconfig /etc/kubernetes/kubelet.conf --request-timeout=10s get node "$NODE_NAME" --output name
}

# A refusal is an answer too: the node was deleted, or its certificate is no longer good.
answered() {
  local answer
  answer=$(as_kubelet 2>&1) && return
  case $answer in *NotFound* | *Unauthorized* | *'must be logged in'* | *x509*) ;; *)
    printf '%s' "$answer"
    return 1
    ;;
  esac
}
