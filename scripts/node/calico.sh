# shellcheck shell=bash
# Step `calico` (sent with rollout.sh), on the control plane: installs Calico, or updates it to another manifest.
# MANIFEST: the YAML, gzip and base64; RECORDED: lines "node address/prefix" of the nodes whose recorded address we set
# (for the /32 of calico#4254); BGP_READY: 1 if every BGP session can be established, else 0
create() {
  need MANIFEST RECORDED BGP_READY
  await_api 120
  local before ready nodes
  before=$(node_set --ignore-not-found --output name)
  record
  # Server-side: the CRDs are too large for the annotation of a client-side apply. Forced: Calico has written some of
  # these fields since.
  attend "applying Calico's manifest: CRDs, RBAC, DaemonSet" apply
  # Before a CRD is established, the API server rejects an IPPool.
  attend "waiting for Calico's CRDs" api wait --for=condition=Established --timeout=60s crd \
    ippools.crd.projectcalico.org felixconfigurations.crd.projectcalico.org bgpconfigurations.crd.projectcalico.org
  # A first installation has no pods yet, and its nodes are still joining: the step `blocks` waits for them. Later, the
  # pools must not change before every node runs the calico-node that they need: if the new mode's routes come from BIRD
  # and BIRD is not running yet, all pods lose their network.
  if [[ -z $before ]]; then return; fi
  ready=$(ready_nodes)
  read -r -d '' -a nodes <<<"$ready" || true # it always reports the end of the input
  # A new version is pulled first.
  wait_for 600 "calico-node on every node" rolled_out "${nodes[@]}" || die_not_rolled_out
}

apply() {
  base64 -d <<<"$MANIFEST" | gunzip | api apply --server-side --force-conflicts --field-manager=encaplab -f -
}

# Runs before calico-node starts: calico-node keeps a recorded address unless it is told to detect one.
record() {
  local node address
  while read -r node address; do
    if [[ -n $node ]]; then api annotate node "$node" --overwrite "projectcalico.org/IPv4Address=$address"; fi
  done <<<"$RECORDED"
}
