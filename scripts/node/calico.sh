# shellcheck shell=bash
# calico (sent together with rollout.sh), on the control plane: installs Calico, or brings it to another manifest. MANIFEST:
# the YAML, gzip and base64; RECORDED: lines "node address/prefix" of nodes whose recorded address is set by hand
# (calico#4254's /32); BGP_READY: 1 when every BGP session can be established, else 0
create() {
  need MANIFEST RECORDED BGP_READY
  wait_for 120 "the API server" api get --raw /readyz || die "no API server answers on this machine; is it the control plane?"
  local before nodes
  before=$(node_set --ignore-not-found --output name)
  record
  # Server-side, because the definitions are too large for the annotation of a client-side apply. By force, because Calico
  # itself has written some of these fields since.
  attend "Calico: its definitions, its rights, its DaemonSet" apply
  # Established is the moment from which an IPPool can be declared.
  attend "Calico's kinds" api wait --for=condition=Established --timeout=60s crd ippools.crd.projectcalico.org \
    felixconfigurations.crd.projectcalico.org bgpconfigurations.crd.projectcalico.org
  # A first installation has no pods that could be cut off, and its nodes are still joining: the step `blocks` waits for
  # them. Later the pools must not change before every node runs what they ask for: where the new mode's routes come from
  # BIRD, and BIRD does not run yet, all pods would be cut off.
  if [ -z "$before" ]; then return; fi
  mapfile -t nodes < <(ready_nodes)
  # A new version is pulled first.
  wait_for 600 "calico-node on every node" rolled_out "${nodes[@]}" || die "$(why_not_rolled_out)"
}

apply() {
  base64 -d <<<"$MANIFEST" | gunzip | api apply --server-side --force-conflicts --field-manager=encaplab -f -
}

# Before calico-node starts, which keeps what it finds when it is not told to detect the address.
record() {
  local node address
  while read -r node address; do
    if [ -n "$node" ]; then api annotate node "$node" --overwrite "projectcalico.org/IPv4Address=$address"; fi
  done <<<"$RECORDED"
}
