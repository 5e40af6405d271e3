# shellcheck shell=bash
# Step `pod-network`: a pod network without Calico (`calico.install: none`): the reference CNI plugins with one bridge
# per node, and a plain route to the block of each other node. POD_CIDR; BLOCK: this node's part of it; ROUTES: lines
# "block address" of the other nodes; MTU; NAT_OUTGOING: 1 to give packets to the outside the node's address, else 0
CNI=/etc/cni/net.d/10-encaplab.conflist
FOLDER=/etc/encaplab
UNIT=encaplab-pod-network.service
PROTOCOL=201 # marks our routes in the kernel, as 12 marks BIRD's

create() {
  need POD_CIDR BLOCK ROUTES MTU NAT_OUTGOING
  plugins
  network | own "$CNI" :
  routes | own "$FOLDER/pod-routes" drop_old_routes
  masquerade | own "$FOLDER/pod-network.nft" :
  unit | own "/etc/systemd/system/$UNIT" systemctl daemon-reload
  systemctl enable --quiet "$UNIT"
  # Always restart: it is cheap, and it restores routes or rules that were deleted by hand.
  systemctl restart "$UNIT"
}

# Links the CNI plugins into /opt/cni/bin, where containerd looks. The packages of Kubernetes and of Debian use
# different folders.
plugins() {
  local plugin folder
  for plugin in bridge host-local portmap loopback; do
    if [[ -x "/opt/cni/bin/$plugin" ]]; then continue; fi
    for folder in /usr/lib/cni /usr/libexec/cni; do
      if [[ ! -x "$folder/$plugin" ]]; then continue; fi
      note made "/opt/cni/bin/$plugin"
      mkdir -p /opt/cni/bin
      ln -sf "$folder/$plugin" "/opt/cni/bin/$plugin"
    done
    [[ -x "/opt/cni/bin/$plugin" ]] || die "there is no CNI plugin '$plugin' in /opt/cni/bin; install the package" \
      "kubernetes-cni or containernetworking-plugins"
  done
}

network() {
  cat <<JSON
{
  "cniVersion": "0.4.0",
  "name": "encaplab",
  "plugins": [
    {
      "type": "bridge",
      "bridge": "cni0",
      "isGateway": true,
      "hairpinMode": true,
      "mtu": $MTU,
      "ipam": { "type": "host-local", "ranges": [[{ "subnet": "$BLOCK" }]], "routes": [{ "dst": "0.0.0.0/0" }] }
    },
    { "type": "portmap", "capabilities": { "portMappings": true } }
  ]
}
JSON
}

# Lines for `ip -batch`. The blackhole covers the node's own block until the first pod makes the bridge, whose route has
# priority: without it, such packets would loop between the node and its gateway.
routes() {
  local cidr address hop
  echo "route replace blackhole $BLOCK proto $PROTOCOL metric 1024"
  while read -r cidr address; do
    if [[ -z $cidr ]]; then continue; fi
    hop=$(next_hop "$address")
    echo "route replace $cidr via $hop proto $PROTOCOL"
  done <<<"$ROUTES"
}

# A node in the same subnet is itself the next hop. For any other node, use the next hop that the kernel uses to reach
# it.
next_hop() {
  local hop
  hop=$(ip -4 route get "$1" | sed -n 's/^.* via \([0-9.]*\) .*/\1/p')
  printf '%s\n' "${hop:-$1}"
}

# Deletes only the routes that are no longer wanted: the others stay in place, so pods keep their connections.
drop_old_routes() {
  local cidr
  ip -4 route show proto "$PROTOCOL" | sed 's/^blackhole //' | while read -r cidr _; do
    if ! grep -qF " $cidr " "$FOLDER/pod-routes"; then ip -4 route flush exact "$cidr" proto "$PROTOCOL"; fi
  done
}

# The first two lines make nft replace the table in one transaction, whether it exists or not.
masquerade() {
  printf 'table ip encaplab {}\ndelete table ip encaplab\n'
  if [[ $NAT_OUTGOING == 1 ]]; then
    cat <<TEXT
table ip encaplab {
  chain postrouting {
    type nat hook postrouting priority srcnat
    ip saddr $BLOCK ip daddr != $POD_CIDR masquerade
  }
}
TEXT
  fi
}

# Restores the routes and the table after a reboot.
unit() {
  local ip nft
  ip=$(type -P ip)
  nft=$(type -P nft)
  cat <<TEXT
[Unit]
Description=Routes to the pods of the other nodes
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
Restart=on-failure
RestartSec=2
ExecStart=$ip -batch $FOLDER/pod-routes
ExecStart=$nft -f $FOLDER/pod-network.nft

[Install]
WantedBy=multi-user.target
TEXT
}

delete() {
  if [[ -e "/etc/systemd/system/$UNIT" ]]; then systemctl disable --quiet --now "$UNIT"; fi
  rm -rf "$CNI" "/etc/systemd/system/$UNIT" "$FOLDER"
  systemctl daemon-reload
  ip -4 route flush proto "$PROTOCOL"
  nft delete table ip encaplab 2>/dev/null || true
  # Pods on the bridge lose their network; what runs next (Calico, reset.sh) gives them other devices or ends them.
  ip link delete cni0 2>/dev/null || true
}
