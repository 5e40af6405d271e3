# shellcheck shell=bash
# Step `reflectors`, on the control plane: makes nodes BGP route reflectors, by the label that the BGPPeer selects and
# the annotation from which calico-node takes their cluster ID. NODES: their names, a line each; LABEL; CLUSTER_ID
ANNOTATION=projectcalico.org/RouteReflectorClusterID

create() {
  need NODES LABEL CLUSTER_ID
  await_api 120
  forget "$NODES"
  local name
  while read -r name; do
    # The cluster ID first: a node that peers select is to reflect at once.
    api annotate node "$name" --overwrite "$ANNOTATION=$CLUSTER_ID"
    api label node "$name" --overwrite "$LABEL=true"
  done <<<"$NODES"
}

# Also runs when the whole lab is taken down, so a dead control plane must not block it.
delete() {
  need NODES LABEL CLUSTER_ID
  if [[ ! -e /etc/kubernetes/admin.conf ]] || ! wait_for 20 "the API server" api get --raw /readyz; then
    say "note: there is no API server any more, so no route reflector has to be taken back"
    return
  fi
  forget ""
}

# forget KEPT: takes label and cluster ID from all nodes but those. A node with a cluster ID is in no mesh.
forget() {
  local name known
  known=$(api get nodes --selector "$LABEL=true" --output 'jsonpath={range .items[*]}{.metadata.name}{"\n"}{end}')
  while read -r name; do
    if [[ -z $name || $'\n'$1$'\n' == *$'\n'$name$'\n'* ]]; then continue; fi
    api label node "$name" "$LABEL-"
    api annotate node "$name" "$ANNOTATION-"
  done <<<"$known"
}
