# shellcheck shell=bash
# Step `router` (sent with packages.sh), on the machine that is the gateway between the subnets, and no node: runs a BIRD there
# that peers with the nodes and learns their pods (`podRoutes: bgp`).
# NODE_NAME; SUBNETS: lines "CIDR ADDRESS", the machine's address in each subnet; CONFIG: BIRD's configuration;
# KUBERNETES_VERSION: for packages.sh; POD_CIDR: the routes in it are the lab's. `look` prints what check.sh prints.
UNIT=encaplab-router.service
UNIT_FILE=/etc/systemd/system/$UNIT
CONF=/etc/encaplab/bird.conf
SOCKET=/run/encaplab-router/bird.ctl # in the unit's RuntimeDirectory

create() {
  need NODE_NAME SUBNETS CONFIG KUBERNETES_VERSION POD_CIDR
  refuse_faults
  note router "$UNIT"
  keep_from_starting
  install_missing
  bird -p -c /dev/stdin <<<"$CONFIG" || die "BIRD on $NODE_NAME does not take the lab's configuration: it must be BIRD 2 or later"
  printf %s "$CONFIG" | put "$CONF" reconfigure
  unit | put "$UNIT_FILE" restart_unit
  if ! systemctl is-enabled --quiet "$UNIT"; then systemctl enable --quiet "$UNIT"; fi
  if ! systemctl is-active --quiet "$UNIT"; then systemctl start "$UNIT"; fi
  wait_for 30 "BIRD to answer" birdc -s "$SOCKET" show status ||
    die "BIRD does not run on $NODE_NAME; see there: journalctl -u $UNIT"
  say "$NODE_NAME runs BIRD, and waits for the nodes"
}

# Undoes all of it. Called by the HostReset of the router.
delete() {
  need POD_CIDR
  if [[ ! -e "$STATE/router" ]]; then
    say "there is nothing to take back on this machine"
    return
  fi
  systemctl disable --quiet --now "$UNIT" || true # a killed run may have made no unit yet
  # BIRD takes its routes along, unless it was killed.
  ip route flush root "$POD_CIDR" proto bird || true
  rm -f "$UNIT_FILE" "$CONF"
  if [[ -d ${CONF%/*} ]]; then rmdir --ignore-fail-on-non-empty "${CONF%/*}"; fi
  if [[ -e "$STATE/packages.before" ]]; then record_packages; fi
  if noted packages; then purge_recorded; fi
  if noted masked; then systemctl unmask --quiet bird; fi
  systemctl daemon-reload
  rm -rf "$RUN" "$STATE"
  say "the machine is as it was before the lab"
}

# Prints what BIRD needs and is missing, for packages.sh. The RHEL family has it in EPEL.
missing() {
  if type -P bird birdc >/dev/null; then return; fi
  if type -P apt-get >/dev/null; then echo bird2; else echo bird; fi
}

# Debian's package starts a BIRD of its own, which would take the lab's routes for its own and delete them.
keep_from_starting() {
  local lacks
  lacks=$(missing)
  if [[ -z $lacks ]] || noted masked; then return; fi
  note masked bird
  systemctl mask --quiet bird
}

unit() {
  local bird birdc
  bird=$(type -P bird)
  birdc=$(type -P birdc)
  cat <<TEXT
# Made by encaplab.
[Unit]
Description=BIRD on the gateway between the lab's subnets
After=network-online.target
Wants=network-online.target

[Service]
ExecStart=$bird -f -c $CONF -s $SOCKET
ExecReload=$birdc -s $SOCKET configure
RuntimeDirectory=encaplab-router
Restart=always
RestartSec=2

[Install]
WantedBy=multi-user.target
TEXT
}
# Sessions that do not change stay up.
reconfigure() {
  if systemctl is-active --quiet "$UNIT"; then systemctl reload "$UNIT"; fi
}
restart_unit() {
  systemctl daemon-reload
  if systemctl is-active --quiet "$UNIT"; then systemctl restart "$UNIT"; fi
}

look() {
  need NODE_NAME SUBNETS
  local lines
  lines=$(findings)
  if [[ -n $lines ]]; then result "$lines"; fi
  date +$'fact\ttime\t%s.%N' >&3
}

# Prints what the look finds, and stops if the machine cannot be the lab's router.
refuse_faults() {
  local lines code sentence
  lines=$(findings)
  [[ -n $lines ]] || return 0
  while IFS=$'\t' read -r _ code sentence; do say "refused: $sentence ($code)"; done <<<"$lines"
  die "nothing was changed on $NODE_NAME; correct what is refused above, and run this again"
}

# finding CODE SENTENCE…
finding() {
  local code=$1
  shift
  printf 'refuse\t%s\t%s\n' "$code" "$*"
}

findings() {
  local cidr address all other forwards
  if [[ -e "$STATE/folders" ]]; then
    finding router-node "$NODE_NAME is a node of a lab, whose Calico runs a BIRD; the router must be another machine"
  fi
  all=$(ip -4 -o address show | awk '{ print $4 }' | paste -sd ' ')
  while read -r cidr address; do
    if [[ " $all" == *" $address/"* ]]; then continue; fi
    finding router-address "$NODE_NAME has no interface with $address, which is to be its address in $cidr; it has: $all;" \
      "set hosts.router.addresses to its own"
  done <<<"$SUBNETS"
  read -r forwards </proc/sys/net/ipv4/ip_forward
  if [[ $forwards != 1 ]]; then
    finding router-forwarding "$NODE_NAME does not forward packets (net.ipv4.ip_forward), so it is no gateway; turn that on" \
      "(sysctl -w net.ipv4.ip_forward=1, and in /etc/sysctl.d), or name the machine that is the gateway"
  fi
  other=$(other_bird)
  if [[ -n $other ]]; then
    finding router-bird "$NODE_NAME already runs a BIRD (process $other): it would delete the routes of the lab's, and the lab's" \
      "would delete its own; stop it, or choose another machine"
  else
    other=$(ss -Hltn 'sport = :179' 2>/dev/null) || other=''
    if [[ -n $other ]] && ! ours_runs; then
      finding router-port "TCP 179 is in use on $NODE_NAME, and the lab needs it for BGP: stop the program that listens there"
    fi
  fi
}

# The first BIRD in this network namespace that is not the lab's.
other_bird() {
  local entry name pid command
  for entry in /proc/[0-9]*; do
    pid=${entry#/proc/}
    { read -r name <"$entry/comm"; } 2>/dev/null || continue
    [[ $name == bird && "$entry/ns/net" -ef /proc/self/ns/net ]] || continue
    command=$(tr '\0' ' ' 2>/dev/null <"$entry/cmdline") || continue # it has ended
    [[ $command == *" $CONF "* ]] || {
      echo "$pid"
      return
    }
  done
}
ours_runs() { [[ -e "$STATE/router" ]] && birdc -s "$SOCKET" show status >/dev/null 2>&1; }
