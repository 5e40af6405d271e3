# shellcheck shell=bash
# Step `restart-pods`, on the control plane: recreates the study's pods, so that they get the MTU which Calico gives
# now. LABEL: the study's label, as key=value; a workload belongs to the study if it or its namespace has the label.
# Prints "restarted KIND NAMESPACE/NAME" for each workload, and "bare pod NAMESPACE/NAME" for each pod without an owner.
# It does not touch bare pods: if it deleted one, nothing would create it again.
create() {
  need LABEL
  local namespaces workloads bare kind namespace name lines=''
  # An empty selector would select every pod of the cluster.
  [[ $LABEL == ?*=?* ]] || die "LABEL must be key=value, not '$LABEL'"
  await_api 60
  # Fetch the lists before the loops: a failure inside a loop's input would look like an empty list.
  namespaces=$(api get namespaces --selector "$LABEL" --output 'jsonpath={range .items[*]}{.metadata.name}{"\n"}{end}')
  workloads=$(each_of daemonsets,deployments,statefulsets workload_lines)
  bare=$(each_of pods bare_lines)
  # Restart all workloads before waiting for any, so that their pods start at the same time.
  while read -r kind namespace name; do
    if [[ -n $kind ]]; then api --namespace "$namespace" rollout restart "$kind/$name"; fi
  done <<<"$workloads"
  while read -r kind namespace name; do
    if [[ -z $kind ]]; then continue; fi
    attend "waiting for the pods of $kind $namespace/$name" watch_rollout "$kind" "$namespace" "$name"
    lines+="restarted $kind $namespace/$name"$'\n'
  done <<<"$workloads"
  while read -r namespace name; do
    if [[ -n $namespace ]]; then lines+="bare pod $namespace/$name"$'\n'; fi
  done <<<"$bare"
  if [[ -n $lines ]]; then result "${lines%$'\n'}"; fi
}

# each_of KINDS LINES: prints, by the function LINES, the study's objects of these kinds, each once.
each_of() {
  local namespace
  {
    "$2" "$1" --all-namespaces --selector "$LABEL"
    for namespace in $namespaces; do "$2" "$1" --namespace "$namespace"; done
  } | sort -u
}

# Lines "kind namespace name".
workload_lines() {
  api get "$@" --output 'jsonpath={range .items[*]}{.kind}{" "}{.metadata.namespace}{" "}{.metadata.name}{"\n"}{end}' |
    tr '[:upper:]' '[:lower:]'
}

# Lines "namespace name" of the running pods without an owner.
bare_lines() {
  api get "$@" --field-selector status.phase=Running --output go-template='{{ range .items }}
{{- if not .metadata.ownerReferences }}{{ .metadata.namespace }} {{ .metadata.name }}{{ "\n" }}{{ end }}{{ end }}'
}

# Do not use `api` here: its request timeout would end the watch.
watch_rollout() {
  kubectl --kubeconfig /etc/kubernetes/admin.conf --namespace "$2" rollout status "$1/$3" --timeout=180s
}
