# shellcheck shell=bash
# blocks (sent together with rollout.sh), on the control plane: waits until every node has its pod network, then says which
# block belongs to which node: lines "block node" are its result. NODES: the nodes' names, one a line; MODE: any text that
# changes with what routes depend on; TUNNEL: 1 when Calico gives every node a tunnel address, and so a block, else 0;
# BGP_READY: as in calico.sh
create() {
  need NODES MODE TUNNEL BGP_READY
  local names lines
  mapfile -t names <<<"$NODES"
  # Images of a few hundred megabytes are pulled first.
  wait_for 600 "the pod network on every node" all_ready || die "$(why_not_rolled_out)"
  wait_for 120 "a block for every node" all_have_blocks || die "Calico's IPAM gives some nodes no block; see: kubectl get blockaffinities -o wide"
  lines=$(blocks)
  result "$lines"
}

# Prints, for wait_for, what is missing. Ready alone says nothing: kubelet calls a node ready by the CNI file of an earlier
# Calico, while the new calico-node still starts and has no routes.
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

# Without a tunnel a node gets its block with its first pod.
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

# A block's affinity belongs to a host, which Calico calls by the node's name; one that is being given back is no node's.
blocks() {
  api get blockaffinities.crd.projectcalico.org \
    -o jsonpath='{range .items[?(@.spec.state=="confirmed")]}{.spec.cidr}{" "}{.spec.node}{"\n"}{end}' | sort
}
