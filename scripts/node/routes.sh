# shellcheck shell=bash
# routes: waits until the node's routes to the other nodes' blocks are those of the chosen encapsulation, device by device.
# EXPECTED: lines "block device gateway"; the device `direct` is any but a tunnel (its name differs from machine to
# machine), the gateway `-` is any. Blocks that were handed out since are left alone.
create() {
  need EXPECTED
  wait_for 60 "the routes to the other nodes' blocks" as_expected || die "the routes are not those of the plan; all of them: $(routes | paste -sd ';')"
  say "the routes are as planned"
}

# Lines "block device gateway" of what BIRD (protocol 12), Felix (80) or pod-network.sh (201) programmed; a node's own
# block is a blackhole or a bridge's, single addresses are pods.
routes() {
  local protocol
  for protocol in 12 80 201; do ip -4 route show proto "$protocol"; done | awk '
    $1 ~ "/" {
      device = gateway = "-"
      for (i = 2; i < NF; i++) { if ($i == "dev") device = $(i + 1); if ($i == "via") gateway = $(i + 1) }
      print $1, device, gateway
    }' | sort -u
}

fits() { # "device gateway" of a route, then those expected
  local device=${1% *} gateway=${1#* }
  case $3 in
    direct) case $device in tunl0 | vxlan.calico | wireguard.cali) return 1 ;; esac ;;
    *) [ "$device" = "$3" ] || return 1 ;;
  esac
  [ "$4" = - ] || [ "$gateway" = "$4" ]
}

# Prints, for wait_for, each line that is not as expected.
as_expected() {
  local block device gateway there wrong=0
  local -A found=()
  while read -r block there; do found[$block]+=${found[$block]+, }$there; done < <(routes)
  while read -r block device gateway; do
    if [ -z "$block" ]; then continue; fi
    if [ -z "${found[$block]:-}" ] || ! fits "${found[$block]}" "$block" "$device" "$gateway"; then
      echo "$block should go by $device $gateway, and goes by ${found[$block]:-no route}"
      wrong=1
    fi
  done <<<"$EXPECTED"
  return "$wrong"
}
