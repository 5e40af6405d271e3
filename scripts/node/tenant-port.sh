# shellcheck shell=bash
# Step `tenant-port` (sent with dhcp-hook.sh): plugs a Neutron port of this host into its br-int, so that the machine has an
# address in the port's network. DEVICE: the interface's name; PORT_ID, MAC and ADDRESS: the port's, as Neutron has them; MTU:
# the network's, in bytes. The address comes by DHCP: without a default route, which would take the machine from its own
# network, and without DNS servers. Works on ML2/OVS and on OVN: both find the port by its external_ids. Prints
# "DEVICE ADDRESS".
BRIDGE=br-int

create() {
  need DEVICE PORT_ID MAC ADDRESS MTU
  on_host
  plug
  ask_for_address
  wait_for 90 "the address $ADDRESS on $DEVICE" has_address ||
    die "DHCP gave $DEVICE no address: the port must be ACTIVE (openstack port show $PORT_ID), its host must be this one's name in Neutron, and its subnet must have DHCP"
  say "$DEVICE has $ADDRESS"
  result "$DEVICE $ADDRESS"
}

delete() {
  need DEVICE
  forget_address
  if type -P ovs-vsctl >/dev/null; then ovs-vsctl --timeout=30 --if-exists del-port "$BRIDGE" "$DEVICE"; fi
  say "unplugged $DEVICE"
}

on_host() {
  type -P ovs-vsctl >/dev/null ||
    die "this machine has no ovs-vsctl: it must be an OpenStack compute host with Open vSwitch (where that runs in a container, give the host its client tools)"
  ovs-vsctl --timeout=30 br-exists "$BRIDGE" ||
    die "Open vSwitch has no $BRIDGE on this machine: the agent of ML2/OVS or ovn-controller must run here"
}

# The agent looks at an interface as soon as it is there, so all of it comes in one transaction. Open vSwitch remembers it
# over a reboot. skip_cleanup: neutron-ovs-cleanup would remove it at the agent's next start.
plug() {
  ovs-vsctl --timeout=30 -- --may-exist add-port "$BRIDGE" "$DEVICE" -- set interface "$DEVICE" type=internal \
    "mac=\"$MAC\"" "mtu_request=$MTU" "external_ids:attached-mac=\"$MAC\"" "external_ids:iface-id=$PORT_ID" \
    external_ids:iface-status=active external_ids:skip_cleanup=true
  wait_for 30 "$DEVICE on $BRIDGE" ip link show "$DEVICE" ||
    die "Open vSwitch did not make $DEVICE: ovs-vsctl get interface $DEVICE error"
  # Only an older Open vSwitch leaves these to us.
  ip link set "$DEVICE" address "$MAC" mtu "$MTU"
  ip link set "$DEVICE" up
}

has_address() { ip -4 -o addr show dev "$DEVICE" | grep -qF " $ADDRESS/"; }

# What is written for the DHCP client: for systemd-networkd the first, for dhclient the others.
files() {
  network=/etc/systemd/network/10-encaplab-$DEVICE.network
  unit=/etc/systemd/system/encaplab-$DEVICE.service
  script=$STATE/$DEVICE.dhcp
}

# One of the two DHCP clients of servers: systemd-networkd where it runs, else dhclient.
ask_for_address() {
  files
  if systemctl is-active --quiet systemd-networkd; then
    put "$network" networkctl reload <<NETWORK
# Made by encaplab for a Neutron port.
[Match]
Name=$DEVICE

[Link]
MTUBytes=$MTU
RequiredForOnline=no

[Network]
DHCP=ipv4
LinkLocalAddressing=no
IPv6AcceptRA=no

[DHCPv4]
UseRoutes=no
UseGateway=no
UseDNS=no
UseNTP=no
UseDomains=no
UseHostname=no
UseMTU=no
NETWORK
    # A device that is there already is not looked at again by a reload of some versions.
    has_address || networkctl reconfigure "$DEVICE"
    return
  fi
  local client
  client=$(type -P dhclient) ||
    die "this machine has no DHCP client: systemd-networkd does not run, and there is no dhclient (package isc-dhcp-client, or dhcp-client on the RHEL family)"
  dhcp_hook | put "$script" chmod 755 "$script"
  put "$unit" systemctl daemon-reload <<UNIT
# Made by encaplab for a Neutron port.
[Unit]
Description=Address of the Neutron port on $DEVICE
After=network.target openvswitch-switch.service openvswitch.service

[Service]
ExecStart=$client -4 -d -sf $script -pf /run/encaplab-$DEVICE.pid -lf $STATE/$DEVICE.leases $DEVICE
Restart=always
RestartSec=5

[Install]
WantedBy=multi-user.target
UNIT
  systemctl enable --now "encaplab-$DEVICE.service"
}

forget_address() {
  files
  if [[ -e $network ]]; then
    rm -f "$network"
    networkctl reload || true # networkd may have been stopped since
  fi
  if [[ -e $unit ]]; then
    systemctl disable --now "${unit##*/}" || true
    rm -f "$unit"
    systemctl daemon-reload
  fi
  rm -f "$script" "$STATE/$DEVICE.leases" "$STATE"/pending*"$DEVICE"*
}
