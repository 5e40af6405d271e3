# shellcheck shell=bash
# Step `blocks` (sent with rollout.sh), on the control plane: waits until every node has its pod network, then prints which
# block belongs to which node, as lines "block node". NODES: the nodes' names, one per line; MODE: any text that changes
# when the routes must change; TUNNEL: 1 if Calico gives every node a tunnel address, and so a block, else 0; BGP_READY: as
# in calico.sh
create() {
  need NODES MODE TUNNEL BGP_READY
  local names lines
  mapfile -t names <<<"$NODES"
  # 600 s: the nodes first pull images of a few hundred megabytes.
  wait_for 600 "the pod network on every node" all_ready || die "$(why_not_rolled_out)"
  wait_for 120 "a block for every node" all_have_blocks || die "Calico's IPAM gave some nodes no block; see: kubectl get blockaffinities -o wide"
  lines=$(blocks)
  result "$lines"
}

# Prints, for wait_for, what is missing. Ready alone is not enough: because of the CNI file of an earlier Calico, kubelet
# reports a node as ready while the new calico-node is still starting and has no routes.
all_ready() {
  local node ready missing=''
  ready=$(ready_nodes) || return 1
  for node in "${names[@]}"; do
    grep -qxF -- "$node" <<<"$ready" || missing+=" $node"
  done
  if [ -n "$missing" ]; then
    echo "not ready:$missing"
    return 1
  fi
  rolled_out "${names[@]}"
}

# Without a tunnel, a node gets its block only with its first pod.
all_have_blocks() {
  local node there missing=''
  there=$(blocks) || return 1
  if [ "$TUNNEL" != 1 ]; then return; fi
  for node in "${names[@]}"; do
    grep -q " $node\$" <<<"$there" || missing+=" $node"
  done
  [ -n "$missing" ] || return 0
  echo "no block yet:$missing"
  return 1
}

# Calico names the host of a block affinity after the node. An affinity that is being released belongs to no node any more:
# skip it.
blocks() {
  api get blockaffinities.crd.projectcalico.org \
    -o jsonpath='{range .items[?(@.spec.state=="confirmed")]}{.spec.cidr}{" "}{.spec.node}{"\n"}{end}' | sort
}
