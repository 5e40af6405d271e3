# shellcheck shell=bash
# Part of the step `tenant-port`, and of the twin's ports: prints the script that dhclient runs when it has an address. It takes
# the address and nothing else: Neutron also sends a router and DNS servers that were not asked for.
dhcp_hook() {
  cat <<'SCRIPT'
#!/bin/sh
# Made by encaplab. Takes the address and nothing else.
case $reason in
  BOUND | RENEW | REBIND | REBOOT) ip -4 addr replace "$new_ip_address/$new_subnet_mask" dev "$interface" ;;
  EXPIRE | FAIL | RELEASE | STOP) ip -4 addr flush dev "$interface" ;;
esac
SCRIPT
}
