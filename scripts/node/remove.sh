# shellcheck shell=bash
# Step `remove`, on the control plane: when the worker NODE_NAME leaves, drains it and deletes its Node.
create() { need NODE_NAME; }

# Also runs when the whole lab is taken down, so a dead control plane or worker must not block it.
delete() {
  need NODE_NAME
  local name ready
  if [[ ! -e /etc/kubernetes/admin.conf ]] || ! wait_for 20 "the API server" api get --raw /readyz; then
    say "note: there is no API server any more, so $NODE_NAME does not have to be removed"
    return
  fi
  name=$(api get node "$NODE_NAME" --ignore-not-found --output name)
  if [[ -z $name ]]; then
    say "$NODE_NAME is not a node of the cluster any more"
    return
  fi
  api cordon "$NODE_NAME"
  ready=$(api get node "$NODE_NAME" --output 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')
  if [[ $ready == True ]]; then
    # A node that died a moment ago is still listed as ready: its pods never end, and drain stops at its timeout.
    attend "draining $NODE_NAME" drain || say "note: not all pods of $NODE_NAME ended within 60 s"
  else
    say "$NODE_NAME is not ready: its kubelet could not end the pods, so it is not drained"
  fi
  api delete node "$NODE_NAME" --ignore-not-found
}

drain() {
  kubectl --kubeconfig /etc/kubernetes/admin.conf drain "$NODE_NAME" --ignore-daemonsets --delete-emptydir-data \
    --force --disable-eviction --grace-period=15 --timeout=60s
}
