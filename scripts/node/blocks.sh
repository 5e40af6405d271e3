# shellcheck shell=bash
# Step `blocks` (sent with rollout.sh), on the control plane: waits until every node has its pod network, then prints
# which block belongs to which node, as lines "block node". NODES: the nodes' names, one per line; MODE: any text that
# changes when the routes must change; TUNNELS: lines "node VXLAN" or "node IPIP" of the tunnel addresses that Calico
# gives, each in a block of the node, and no other node has a VXLAN one; BGP_READY: as in calico.sh
create() {
  need NODES MODE TUNNELS BGP_READY
  local names lines
  mapfile -t names <<<"$NODES"
  # 600 s: the nodes first pull images of a few hundred megabytes.
  wait_for 600 "the pod network on every node" all_ready || die_not_rolled_out
  if [[ -n $TUNNELS ]]; then
    echo "$SECONDS" >"$RUN/looked" # a file, because wait_for asks in a subshell
    wait_for 120 "the nodes' tunnel addresses" all_have_addresses ||
      die "Calico's IPAM gave some nodes no tunnel address, or did not take one back; see: kubectl get" \
        "blockaffinities -o wide"
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
  local there name kind looked missing='' surplus=''
  there=$(tunnel_addresses) || return 1
  while read -r name kind; do
    if grep -q "^$name $kind ." <<<"$there" || [[ "$missing " == *" $name "* ]]; then continue; fi
    missing+=" $name"
  done <<<"$TUNNELS"
  for name in "${names[@]}"; do
    if grep -q "^$name VXLAN ." <<<"$there" && ! grep -qxF -- "$name VXLAN" <<<"$TUNNELS"; then surplus+=" $name"; fi
  done
  [[ -n $missing$surplus ]] || return 0
  if [[ -n $missing ]]; then echo "no tunnel address yet:$missing"; fi
  if [[ -n $surplus ]]; then echo "a VXLAN address still, of a pool from before:$surplus"; fi
  # calico-node assigns them when a pool changes. It misses a change that comes while it still works on the one before,
  # as with several pools (node/pkg/allocateip/allocateip.go: OnUpdates sends without waiting). After a restart it
  # looks again.
  looked=$(cat "$RUN/looked")
  if ((SECONDS - looked >= 3)); then
    for name in $missing $surplus; do look_again "$name"; done
    echo "$SECONDS" >"$RUN/looked"
  fi
  return 1
}

# Lines "node kind address".
# shellcheck disable=SC2016 # the dollars are Go's
tunnel_addresses() {
  api get nodes --output go-template='{{ range .items }}{{ $name := .metadata.name }}
    {{- with index .metadata.annotations "projectcalico.org/IPv4VXLANTunnelAddr" }}{{ $name }} VXLAN {{ . }}{{ "\n" }}{{ end }}
    {{- with index .metadata.annotations "projectcalico.org/IPv4IPIPTunnelAddr" }}{{ $name }} IPIP {{ . }}{{ "\n" }}{{ end }}
    {{- end }}'
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
