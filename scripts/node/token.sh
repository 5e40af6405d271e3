# shellcheck shell=bash
# token, on the control plane: TOKEN (secret) lets nodes join for the next 15 minutes, whether it was there or not.
create() {
  need TOKEN
  wait_for 120 "the API server" api get --raw /readyz
  # As a Secret on kubectl's standard input: `kubeadm token create` would want it in the list of processes.
  api apply --server-side --force-conflicts --field-manager encaplab --filename - <<TEXT
apiVersion: v1
kind: Secret
type: bootstrap.kubernetes.io/token
metadata:
  name: bootstrap-token-${TOKEN%.*}
  namespace: kube-system
stringData:
  description: made by encaplab for its joins
  token-id: "${TOKEN%.*}"
  token-secret: "${TOKEN#*.}"
  expiration: "$(date --utc --date '+15 minutes' +%Y-%m-%dT%H:%M:%SZ)"
  usage-bootstrap-authentication: "true"
  usage-bootstrap-signing: "true"
  auth-extra-groups: system:bootstrappers:kubeadm:default-node-token
TEXT
  # A join that comes before the signature looks again only after five seconds.
  wait_for 60 "the token's signature on cluster-info" signed
}

signed() {
  [ -n "$(api --namespace kube-public get configmap cluster-info --output "jsonpath={.data.jws-kubeconfig-${TOKEN%.*}}")" ]
}

# A token that is gone, or an API server that is, is no error.
delete() {
  need TOKEN
  [ -e /etc/kubernetes/admin.conf ] || return 0
  api --namespace kube-system delete secret --ignore-not-found "bootstrap-token-${TOKEN%.*}" ||
    say "note: the token could not be taken back; it ends by itself within 15 minutes"
}
