# shellcheck shell=bash
# Step `blocks` (sent with rollout.sh), on the control plane: waits until every node has its pod network, then prints
# which block belongs to which node, as lines "block node". NODES: the nodes' names, one per line; MODE: any text that
# changes when the routes must change; TUNNEL: VXLAN or IPIP if Calico gives every node a tunnel address, and so a
# block, else empty; BGP_READY: as in calico.sh
create() {
  need NODES MODE TUNNEL BGP_READY
  local names lines
  mapfile -t names <<<"$NODES"
  # 600 s: the nodes first pull images of a few hundred megabytes.
  wait_for 600 "the pod network on every node" all_ready || die_not_rolled_out
  if [[ -n $TUNNEL ]]; then
    echo "$SECONDS" >"$RUN/looked" # a file, because wait_for asks in a subshell
    wait_for 120 "a tunnel address for every node" all_have_addresses ||
      die "Calico's IPAM gave some nodes no tunnel address; see: kubectl get blockaffinities -o wide"
  fi
  lines=$(blocks)
  result "$lines"
}

# Prints, for wait_for, what is missing. Ready alone is not enough: because of the CNI file of an earlier Calico,
# kubelet reports a node as ready while the new calico-node is still starting and has no routes.
all_ready() {
  local node ready missing=''
  ready=$(ready_nodes) || return 1
  for node in "${names[@]}"; do
    grep -qxF -- "$node" <<<"$ready" || missing+=" $node"
  done
  if [[ -n $missing ]]; then
    echo "not ready:$missing"
    return 1
  fi
  rolled_out "${names[@]}"
}

# Each address comes out of a block of the node. Without a tunnel, a node gets its block only with its first pod.
all_have_addresses() {
  local there name looked missing=''
  there=$(tunnel_addresses) || return 1
  for name in "${names[@]}"; do
    grep -q "^$name ." <<<"$there" || missing+=" $name"
  done
  [[ -n $missing ]] || return 0
  echo "no tunnel address yet:$missing"
  # calico-node assigns them when a pool changes. It misses a change that comes while it still works on the one before,
  # as with a pool per node (node/pkg/allocateip/allocateip.go: OnUpdates sends without waiting). After a restart it
  # looks again.
  looked=$(cat "$RUN/looked")
  if ((SECONDS - looked >= 3)); then
    for name in $missing; do look_again "$name"; done
    echo "$SECONDS" >"$RUN/looked"
  fi
  return 1
}

tunnel_addresses() {
  api get nodes --output go-template="{{ range .items }}{{ .metadata.name }} {{ with index .metadata.annotations
    \"projectcalico.org/IPv4${TUNNEL}TunnelAddr\" }}{{ . }}{{ end }}{{ \"\\n\" }}{{ end }}"
}

look_again() {
  local pod
  pod=$(node_pods | awk -v node="$1" '$1 == node { print $4 }')
  [[ -z $pod ]] || api --namespace kube-system exec "$pod" --container calico-node -- \
    sv restart /etc/service/enabled/allocate-tunnel-addrs || true
}

# Calico names the host of a block affinity after the node. An affinity that is being released belongs to no node any
# more: skip it.
blocks() {
  api get blockaffinities.crd.projectcalico.org \
    -o jsonpath='{range .items[?(@.spec.state=="confirmed")]}{.spec.cidr}{" "}{.spec.node}{"\n"}{end}' | sort
}
