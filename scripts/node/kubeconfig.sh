# shellcheck shell=bash
# kubeconfig, on the control plane: its result is the administrator's kubeconfig (secret) as it works from outside.
# SERVER: https://host:port; CLUSTER_NAME: what cluster and context are called in it, so that two labs' can be merged
create() {
  need SERVER CLUSTER_NAME
  wait_for 120 "/etc/kubernetes/admin.conf" test -s /etc/kubernetes/admin.conf
  local text config
  text=$(template)
  config=$(kubectl --kubeconfig /etc/kubernetes/admin.conf config view --raw --flatten --output go-template="$text")
  result "$config"
}

template() {
  cat <<TEXT
apiVersion: v1
kind: Config
clusters:
- name: $CLUSTER_NAME
  cluster:
    server: $SERVER
    certificate-authority-data: {{ index (index .clusters 0).cluster "certificate-authority-data" }}
users:
- name: $CLUSTER_NAME-admin
  user:
    client-certificate-data: {{ index (index .users 0).user "client-certificate-data" }}
    client-key-data: {{ index (index .users 0).user "client-key-data" }}
contexts:
- name: $CLUSTER_NAME
  context:
    cluster: $CLUSTER_NAME
    user: $CLUSTER_NAME-admin
current-context: $CLUSTER_NAME
TEXT
}
