# shellcheck shell=bash
# What the steps `calico` and `blocks` share: whether every node runs the calico-node that the DaemonSet asks for.

node_set() { api --namespace kube-system get daemonset calico-node "$@"; }

# rolled_out NODE…: calico-node of the DaemonSet's newest revision is in force on each of these nodes. Prints, for wait_for,
# what is missing. `kubectl rollout status` does not serve: it counts nodes that are down, and pods that cannot become ready
# because BGP is closed on purpose (BGP_READY is 0).
rolled_out() {
  local generation observed revision pods node missing=''
  read -r generation observed < <(node_set --output 'jsonpath={.metadata.generation} {.status.observedGeneration}')
  if [ -z "$generation" ] || [ "$generation" != "$observed" ]; then
    echo "the DaemonSet calico-node is new, and nothing acts on it yet"
    return 1
  fi
  revision=$(newest_revision) || return 1
  pods=$(node_pods) || return 1
  for node in "$@"; do
    in_force "$node" "$revision" "$pods" || missing+="; $node: $(state_on "$node" "$pods")"
  done
  [ -n "$missing" ] || return 0
  echo "calico-node is not in force on every node${missing/;/:}"
  return 1
}

newest_revision() {
  api --namespace kube-system get controllerrevisions --selector k8s-app=calico-node --sort-by .revision \
    --output 'jsonpath={.items[-1:].metadata.labels.controller-revision-hash}'
}

# Lines "node revision ready name phase" of the pods that are not on their way out.
# shellcheck disable=SC2016 # the dollars are Go's
node_pods() {
  api --namespace kube-system get pods --selector k8s-app=calico-node --output go-template='{{ range .items }}
{{- if not .metadata.deletionTimestamp }}{{ $ready := "False" }}{{ range .status.conditions }}{{ if eq .type "Ready" }}
{{- $ready = .status }}{{ end }}{{ end }}{{ .spec.nodeName }} {{ index .metadata.labels "controller-revision-hash" }} {{ $ready }}
{{- " " }}{{ .metadata.name }} {{ .status.phase }}{{ "\n" }}{{ end }}{{ end }}'
}

# in_force NODE REVISION PODS
in_force() {
  local name
  if [ "$BGP_READY" = 1 ]; then
    grep -q "^$1 $2 True " <<<"$3"
    return
  fi
  # BIRD keeps the pod from being ready; Felix is what can be waited for.
  name=$(awk -v node="$1" -v revision="$2" '$1 == node && $2 == revision && $5 == "Running" { print $4 }' <<<"$3")
  [ -n "$name" ] && api --namespace kube-system exec "$name" --container calico-node -- calico-node -felix-ready
}

state_on() {
  local line
  line=$(awk -v node="$1" '$1 == node { print "revision " $2 ", ready " $3 ", " $5 }' <<<"$2")
  printf '%s' "${line:-no pod}"
}

# Names of the nodes that Kubernetes says are ready, one a line.
# shellcheck disable=SC2016 # the dollars are Go's
ready_nodes() {
  api get nodes --output go-template='{{ range .items }}{{ $name := .metadata.name }}{{ range .status.conditions }}
{{- if and (eq .type "Ready") (eq .status "True") }}{{ $name }}{{ "\n" }}{{ end }}{{ end }}{{ end }}'
}

why_not_rolled_out() {
  echo "calico-node does not come into force. What the cluster says of it:"
  api --namespace kube-system get events --field-selector type=Warning --sort-by=.lastTimestamp 2>&1 | tail -n 10
  echo "Without a way to the images, name their archives in calico.images"
}
