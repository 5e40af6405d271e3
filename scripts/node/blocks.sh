# shellcheck shell=bash
# blocks (sent together with rollout.sh), on the control plane: waits until every node has its pod network, then says which
# block belongs to which node: lines "block node" are its result. NODES: the nodes' names, one a line; MODE: any text that
# changes with what routes depend on; TUNNEL: VXLAN or IPIP when Calico gives every node a tunnel address, and so a block,
# else empty; BGP_READY: as in calico.sh
create() {
  need NODES MODE TUNNEL BGP_READY
  local names lines
  mapfile -t names <<<"$NODES"
  # Images of a few hundred megabytes are pulled first.
  wait_for 600 "the pod network on every node" all_ready || die "$(why_not_rolled_out)"
  if [ -n "$TUNNEL" ]; then
    echo "$SECONDS" >"$RUN/looked" # a file, because wait_for asks in a subshell
    wait_for 120 "a tunnel address for every node" all_have_addresses ||
      die "Calico's IPAM gives some nodes no tunnel address; see: kubectl get blockaffinities -o wide"
  fi
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

# Each comes out of a block of the node. Without a tunnel a node gets its block with its first pod.
all_have_addresses() {
  local there name missing=''
  there=$(tunnel_addresses) || return 1
  for name in "${names[@]}"; do
    grep -q "^$name ." <<<"$there" || missing+=" $name"
  done
  [ -n "$missing" ] || return 0
  echo "no tunnel address yet:$missing"
  # calico-node hands them out when a pool changes, and misses a change that comes while it is at work on another: as with
  # a pool for each node (node/pkg/allocateip/allocateip.go, OnUpdates sends without waiting). Started anew, it looks again.
  if ((SECONDS - $(cat "$RUN/looked") >= 3)); then
    for name in $missing; do look_again "$name"; done
    echo "$SECONDS" >"$RUN/looked"
  fi
  return 1
}

tunnel_addresses() {
  api get nodes --output "go-template={{ range .items }}{{ .metadata.name }} {{ with index .metadata.annotations \"projectcalico.org/IPv4${TUNNEL}TunnelAddr\" }}{{ . }}{{ end }}{{ \"\\n\" }}{{ end }}"
}

look_again() {
  local pod
  pod=$(node_pods | awk -v node="$1" '$1 == node { print $4 }')
  [ -z "$pod" ] || api --namespace kube-system exec "$pod" --container calico-node -- \
    sv restart /etc/service/enabled/allocate-tunnel-addrs || true
}

# A block's affinity belongs to a host, which Calico calls by the node's name; one that is being given back is no node's.
blocks() {
  api get blockaffinities.crd.projectcalico.org \
    -o jsonpath='{range .items[?(@.spec.state=="confirmed")]}{.spec.cidr}{" "}{.spec.node}{"\n"}{end}' | sort
}
