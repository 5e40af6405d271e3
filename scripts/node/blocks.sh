# shellcheck shell=bash
# blocks, on the control plane: waits until every node has its pod network, then says which block is whose: lines
# "block node" are its result. NODES: the nodes' names, one a line; MODE: any text that changes with what routes depend on
create() {
  need NODES MODE
  # Images of a few hundred megabytes are pulled first.
  wait_for 600 "the pod network on every node" all_ready || die "$(why_not)"
  result "$(blocks | sort)"
}

# Prints, for wait_for, the nodes that are not ready.
all_ready() {
  local node ready missing=''
  while read -r node; do
    ready=$(api get node "$node" -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}' 2>&1) || true
    [ "$ready" = True ] || missing+="$node "
  done <<<"$NODES"
  if [ -z "$missing" ]; then return; fi
  echo "not ready: $missing; calico-node: $(api --namespace kube-system get pods -l k8s-app=calico-node --no-headers \
    -o custom-columns=N:.spec.nodeName,S:.status.phase,W:.status.initContainerStatuses[*].state.waiting.reason 2>&1 | tr -s ' ' | paste -sd ';')"
  return 1
}

why_not() {
  echo "some nodes have no pod network. What the cluster says of calico-node:"
  api --namespace kube-system get events --field-selector type=Warning --sort-by=.lastTimestamp 2>&1 | tail -n 10
  echo "Without a way to the images, load them on the nodes first: ctr -n k8s.io images import FILE"
}

# A block's affinity is a host's, which Calico calls by the node's name; one that is being given back is nobody's.
blocks() {
  api get blockaffinities.crd.projectcalico.org \
    -o jsonpath='{range .items[?(@.spec.state=="confirmed")]}{.spec.cidr}{" "}{.spec.node}{"\n"}{end}'
}
