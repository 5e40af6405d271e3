# shellcheck shell=bash
# calico, on the control plane: installs Calico, or brings it to another manifest. MANIFEST: the YAML, gzip and base64;
# RECORDED: lines "node address/prefix" of nodes whose recorded address is set by hand (calico#4254's /32)
create() {
  need MANIFEST RECORDED
  wait_for 120 "the API server" api get --raw /readyz || die "no API server answers on this machine; is it the control plane?"
  record
  # Server-side, because the definitions are too large for the annotation of a client-side apply. By force, because Calico
  # itself has written some of these fields since.
  attend "Calico: its definitions, its rights, its DaemonSet" apply
  # Established is the moment from which an IPPool can be declared.
  attend "Calico's kinds" api wait --for=condition=Established --timeout=60s crd ippools.crd.projectcalico.org \
    felixconfigurations.crd.projectcalico.org bgpconfigurations.crd.projectcalico.org
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
