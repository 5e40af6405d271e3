# shellcheck shell=bash
# Part of the steps `prepare` and `reset`: what a machine's network had before the lab, where nothing on the thing itself
# says whose it is. `remember_network` records it before the first change; reset.sh leaves alone what is recorded.

remember_network() {
  ipvs_services >"$STATE/ipvs"
  cni_namespaces >"$STATE/namespaces"
  nft_tables >"$STATE/tables"
}

# was_before RECORD LINE
was_before() { grep -qsxF -- "$2" "$STATE/$1"; }

# IPVS' virtual services, as the arguments of ipvsadm, one a line: "-t 10.96.0.1:443". From the kernel's own list, in which
# addresses and ports are hexadecimal: a machine with keepalived has services and no ipvsadm.
ipvs_services() {
  local protocol service flag address
  if [[ ! -e $IPVS ]]; then return; fi
  while read -r protocol service _; do
    case $protocol in TCP) flag=-t ;; UDP) flag=-u ;; SCTP) flag=--sctp-service ;; *) continue ;; esac
    if [[ ! $service =~ ^([0-9A-F]{8}):([0-9A-F]{4})$ ]]; then continue; fi # IPv6
    address=${BASH_REMATCH[1]}
    printf '%s %d.%d.%d.%d:%d\n' "$flag" "$((16#${address:0:2}))" "$((16#${address:2:2}))" \
      "$((16#${address:4:2}))" "$((16#${address:6:2}))" "$((16#${BASH_REMATCH[2]}))"
  done <"$IPVS"
}
IPVS=/proc/net/ip_vs

# Container runtimes give their network namespaces names with cni-: containerd (go-cni), and also CRI-O and podman.
cni_namespaces() { ip netns list | awk '/^cni-/ { print $1 }'; }

# Lines "family name".
nft_tables() {
  if type -P nft >/dev/null; then nft list tables | sed 's/^table //'; fi
}
