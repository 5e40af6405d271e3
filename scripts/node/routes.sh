# shellcheck shell=bash
# Step `routes`: waits until the node's routes to the other nodes' blocks are those of the chosen encapsulation.
# EXPECTED: lines "block device gateway programmer"; the device `direct` is any device that is not a tunnel (its name
# differs between machines), the gateway `-` is any gateway, the programmer is BIRD or Felix. Does not check blocks that
# Calico has assigned since. ABSENT: a device that the node must not have, or empty. POD_MTU: bytes. Prints the older pods
# that still have another MTU, one "namespace/name" per line.
create() {
  need NODE_NAME EXPECTED ABSENT POD_MTU
  local since=$SECONDS all stale
  rm -f "$RUN/healed"
  if ! wait_for 60 "the routes to the other nodes' blocks" as_expected; then
    all=$(ip -4 route show | paste -sd ';')
    die "the routes are not as planned; all routes: $all"
  fi
  if [[ -s "$RUN/healed" ]]; then sed 's/^/note: /' "$RUN/healed" >&2; fi
  if [[ -n $EXPECTED ]]; then
    say "the routes are as planned"
  else
    say "no route to another node's block is expected here, so no route was checked"
  fi
  stale=$(pods_with_another_mtu)
  if [[ -n $stale ]]; then
    say "note: these pods on $NODE_NAME keep their MTU until they are restarted (new ones get $POD_MTU):" \
      "${stale//$'\n'/, }"
  fi
  result "$stale"
}

# Prints, for wait_for, each route that is not as expected. Looks routes up by block, not by protocol: Felix programs
# its routes as `boot` (Calico 3.28 to 3.32; felix/config/config_params.go, DeviceRouteProtocol), like a user's own
# routes.
as_expected() {
  local block device gateway programmer route wrong=0
  while read -r block device gateway programmer; do
    if [[ -z $block ]]; then continue; fi
    route=$(ip -4 route show exact "$block" | head -n 1)
    if fits "$route" "$device" "$gateway" "$programmer"; then continue; fi
    echo "$block: expected device $device, gateway $gateway, programmed by $programmer; found ${route:-no route}"
    if is_left_over "$route" "$programmer"; then heal "$block"; fi
    wrong=1
  done <<<"$EXPECTED"
  if [[ -n $ABSENT ]] && ip link show dev "$ABSENT" >/dev/null 2>&1; then
    echo "$ABSENT is still there, although the node has no tunnel address"
    remove_left_over
    wrong=1
  fi
  return "$wrong"
}

# Felix forgets the tunnel of a node that has lost its address, and leaves the device with its routes, by which the node
# would go on to reach pods (vxlan_mgr.go: KeepVXLANDeviceInSync waits without a local VTEP). It does not make it again.
remove_left_over() {
  ip link del dev "$ABSENT" || return 0
  echo "Calico had left $ABSENT on $NODE_NAME, to which no pool gives a tunnel address any more; the step removed it" \
    >>"$RUN/healed"
}

# fits ROUTE DEVICE GATEWAY PROGRAMMER
fits() {
  local route=" $1 "
  [[ $route == *' dev '* ]] || return 1 # no route, or a blackhole
  case $2 in
    direct) case $route in *' dev tunl0 '* | *' dev vxlan.calico '* | *' dev wireguard.cali '*) return 1 ;; esac ;;
    *) [[ $route == *" dev $2 "* ]] || return 1 ;;
  esac
  [[ $3 == - || $route == *" via $3 "* ]] || return 1
  if [[ $4 == BIRD ]]; then is_birds "$1"; else ! is_birds "$1"; fi
}
is_birds() { [[ " $1 " == *' proto bird '* ]]; }

# After a switch from BIRD's routes to Felix', a node may keep one of BIRD's: Felix cannot add its own ("file exists" in
# its log) and, before Calico 3.30, does not try again. Give BIRD ten seconds to remove the route itself.
is_left_over() { [[ $2 == Felix ]] && is_birds "$1" && ((SECONDS - since >= 10)); }
heal() {
  ip -4 route del "$1" proto bird || return 0
  echo "BIRD had left its route to $1 on $NODE_NAME, which blocked Felix' route; the step removed it" >>"$RUN/healed"
}

# Calico sets a pod's MTU only when the pod is created. The node's end of a pod's veth pair is named after the pod:
# "cali" and the start of the SHA-1 of "namespace.name" (libcalico-go, conversion/workload_endpoint_default.go).
pods_with_another_mtu() {
  local namespace name device devices
  devices=$(ip -o link show | awk -v mtu="$POD_MTU" '$2 ~ /^cali/ {
    for (i = 3; i < NF; i++) if ($i == "mtu" && $(i + 1) != mtu) { split($2, parts, /[@:]/); print parts[1] }
  }')
  if [[ -z $devices ]]; then return; fi
  kubectl --kubeconfig /etc/kubernetes/kubelet.conf --request-timeout=15s get pods --all-namespaces \
    --field-selector "spec.nodeName=$NODE_NAME" --no-headers \
    --output custom-columns=:metadata.namespace,:metadata.name |
    while read -r namespace name; do
      device=cali$(printf '%s.%s' "$namespace" "$name" | sha1sum | head -c 11)
      if grep -qx "$device" <<<"$devices"; then printf '%s/%s\n' "$namespace" "$name"; fi
    done
}
