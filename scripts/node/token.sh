# shellcheck shell=bash
# Step `token`, on the control plane: TOKENS (secret), one per line, let nodes join for the next MINUTES. Creates or
# renews them.
create() {
  need TOKENS MINUTES
  await_api 120
  # As Secrets on kubectl's standard input: `kubeadm token create` would show them in the process list.
  secrets | api apply --server-side --force-conflicts --field-manager encaplab --filename -
  # Wait for the signatures: a join that starts before them retries only after five seconds.
  wait_for 300 "the tokens' signatures on cluster-info" signed
}

secrets() {
  local token expiration
  expiration=$(date --utc --date "+$MINUTES minutes" +%Y-%m-%dT%H:%M:%SZ)
  while read -r token; do
    cat <<TEXT
---
apiVersion: v1
kind: Secret
type: bootstrap.kubernetes.io/token
metadata:
  name: bootstrap-token-${token%.*}
  namespace: kube-system
stringData:
  description: made by encaplab for a join
  token-id: "${token%.*}"
  token-secret: "${token#*.}"
  expiration: "$expiration"
  usage-bootstrap-authentication: "true"
  usage-bootstrap-signing: "true"
  auth-extra-groups: system:bootstrappers:kubeadm:default-node-token
TEXT
  done <<<"$TOKENS"
}

# Prints only the token's id, which is not secret.
signed() {
  local token signatures
  signatures=$(api --namespace kube-public get configmap cluster-info --output 'jsonpath={.data}')
  while read -r token; do
    [[ $signatures == *"jws-kubeconfig-${token%.*}"* ]] || {
      echo "no signature yet for ${token%.*}"
      return 1
    }
  done <<<"$TOKENS"
}
