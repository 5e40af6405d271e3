# shellcheck shell=bash
# remove, on the control plane: when the worker NODE_NAME leaves, its pods are moved away and its Node is deleted.
create() { need NODE_NAME; }

# The end of a lab comes here too, so a dead control plane or a dead worker must not hold it up.
delete() {
  need NODE_NAME
  if [ ! -e /etc/kubernetes/admin.conf ] || ! wait_for 20 "the API server" api get --raw /readyz; then
    say "note: there is no API server any more; nothing to remove $NODE_NAME from"
    return
  fi
  if [ -z "$(api get node "$NODE_NAME" --ignore-not-found --output name)" ]; then
    say "$NODE_NAME is no node of the cluster any more"
    return
  fi
  api cordon "$NODE_NAME"
  if [ "$(api get node "$NODE_NAME" --output 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')" = True ]; then
    # A node that died a moment ago still counts as ready; nobody there ends its pods, and the time-out does.
    attend "draining $NODE_NAME" drain || say "note: not all pods of $NODE_NAME ended within 60 s"
  else
    say "$NODE_NAME is not ready: nobody there could end its pods, so it is not drained"
  fi
  api delete node "$NODE_NAME" --ignore-not-found
}

drain() {
  kubectl --kubeconfig /etc/kubernetes/admin.conf drain "$NODE_NAME" --ignore-daemonsets --delete-emptydir-data --force \
    --disable-eviction --grace-period=15 --timeout=60s
}
