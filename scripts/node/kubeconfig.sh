# shellcheck shell=bash
# Step `kubeconfig`, on the control plane: prints an administrator's kubeconfig (secret) that works from outside the
# cluster. SERVER: https://host:port; CLUSTER_NAME: name of its cluster and context, so that you can merge the files of
# two labs. The API server's certificate is checked for the name `kubernetes`, which kubeadm puts into every one
# (cmd/kubeadm/app/util/pkiutil, GetAPIServerAltNames), and not for the address: a machine of a cloud may have another public
# address after a restart, and the certificate keeps the old one
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
    tls-server-name: kubernetes
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
