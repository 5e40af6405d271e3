# shellcheck shell=bash
# Step `site-route`, on a node that is not its site's gateway: a route to the other site by the gateway, also after a reboot.
# CIDRS: the other site's subnets, a line each; VIA: the gateway's address; MTU: what the tunnel carries, in bytes.
UNIT=/etc/systemd/system/encaplab-site-route.service
PROTOCOL=202 # marks our routes in the kernel, as 12 marks BIRD's

create() {
  need NODE_NAME CIDRS VIA MTU
  unit | own "$UNIT" drop_old_routes
  systemctl enable --quiet "${UNIT##*/}"
  # Always restart: it is cheap, and it restores routes that were deleted by hand.
  systemctl restart "${UNIT##*/}"
  say "$NODE_NAME reaches the other site by $VIA"
}

unit() {
  local cidr ip
  ip=$(type -P ip)
  cat <<'HEAD'
# Made by encaplab.
[Unit]
Description=Routes to the other site
After=network-online.target
Wants=network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
HEAD
  while read -r cidr; do
    echo "ExecStart=$ip route replace $cidr via $VIA mtu $MTU proto $PROTOCOL"
  done <<<"$CIDRS"
  printf '\n[Install]\nWantedBy=multi-user.target\n'
}

drop_old_routes() {
  ip route flush proto "$PROTOCOL"
  systemctl daemon-reload
}

delete() {
  ip route flush proto "$PROTOCOL"
  if [[ ! -e $UNIT ]]; then return; fi
  systemctl disable --quiet "${UNIT##*/}" || true # systemd may not have read it yet
  rm -f "$UNIT"
  systemctl daemon-reload
}
