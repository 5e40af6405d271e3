# shellcheck shell=bash
# Shared by the steps `calico` and `blocks`: whether every node runs the calico-node that the DaemonSet asks for.

node_set() { api --namespace kube-system get daemonset calico-node "$@"; }

# rolled_out NODE…: the newest revision of calico-node is ready on each of these nodes. Prints, for wait_for, what is
# missing. `kubectl rollout status` does not work here: it also waits for nodes that are down, and for pods that cannot
# become ready because BGP is blocked on purpose (BGP_READY is 0).
rolled_out() {
  local generations generation observed revision pods node missing=''
  generations=$(node_set --output 'jsonpath={.metadata.generation} {.status.observedGeneration}') || return 1
  read -r generation observed <<<"$generations"
  if [[ -z $generation || $generation != "$observed" ]]; then
    echo "the DaemonSet calico-node has changed, and its controller has not seen the change yet"
    return 1
  fi
  revision=$(newest_revision) || return 1
  pods=$(node_pods) || return 1
  for node in "$@"; do
    in_force "$node" "$revision" "$pods" || missing+="; $node: $(state_on "$node" "$pods")"
  done
  [[ -n $missing ]] || return 0
  echo "the newest calico-node is not ready on every node${missing/;/:}"
  return 1
}

newest_revision() {
  api --namespace kube-system get controllerrevisions --selector k8s-app=calico-node --sort-by .revision \
    --output 'jsonpath={.items[-1:].metadata.labels.controller-revision-hash}'
}

# Lines "node revision ready name phase" of the pods that are not being deleted.
# shellcheck disable=SC2016 # the dollars are Go's
node_pods() {
  api --namespace kube-system get pods --selector k8s-app=calico-node --output go-template='{{ range .items }}
{{- if not .metadata.deletionTimestamp }}{{ $ready := "False" }}{{ range .status.conditions }}{{ if eq .type "Ready" }}
{{- $ready = .status }}{{ end }}{{ end }}{{ .spec.nodeName }} {{ index .metadata.labels "controller-revision-hash" }}
{{- " " }}{{ $ready }} {{ .metadata.name }} {{ .status.phase }}{{ "\n" }}{{ end }}{{ end }}'
}

# in_force NODE REVISION PODS: calico-node of REVISION is ready on NODE.
in_force() {
  local name
  if [[ $BGP_READY == 1 ]]; then
    grep -q "^$1 $2 True " <<<"$3"
    return
  fi
  # Without its BGP sessions, BIRD keeps the pod from becoming ready: wait for Felix only.
  name=$(awk -v node="$1" -v revision="$2" '$1 == node && $2 == revision && $5 == "Running" { print $4 }' <<<"$3")
  [[ -n $name ]] && api --namespace kube-system exec "$name" --container calico-node -- calico-node -felix-ready
}

state_on() {
  local line
  line=$(awk -v node="$1" '$1 == node { print "revision " $2 ", ready " $3 ", " $5 }' <<<"$2")
  printf '%s' "${line:-no pod}"
}

# Names of the nodes that Kubernetes reports as ready, one per line.
# shellcheck disable=SC2016 # the dollars are Go's
ready_nodes() {
  api get nodes --output go-template='{{ range .items }}{{ $name := .metadata.name }}{{ range .status.conditions }}
{{- if and (eq .type "Ready") (eq .status "True") }}{{ $name }}{{ "\n" }}{{ end }}{{ end }}{{ end }}'
}

die_not_rolled_out() {
  local events
  events=$(api --namespace kube-system get events --field-selector type=Warning --sort-by=.lastTimestamp 2>&1) || true
  events=$(tail -n 10 <<<"$events")
  die "calico-node does not become ready. The cluster's latest warnings:"$'\n'"$events"$'\n'"If the nodes cannot pull" \
    "images, list the image archives in calico.images"
}
