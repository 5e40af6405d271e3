# shellcheck shell=bash
# Part of the steps `check` and `prepare` (with trial.sh): finds the machine's own firewall rules that drop what the lab
# needs, whatever program made them. Rules are tried, not read: they are loaded into a network namespace that looks like
# this machine, and packets are sent there. Nothing of that is seen outside, and nothing stays.

check_rules() { each_firewall try_rules; }

# On the gateway of a site: what must pass between it and that of the other site, by the interface and with the address that
# lead there, which need not be those of the node.
check_link() {
  local peer route NIC NODE_ADDRESS PEERS NEEDS=$LINK_NEEDS TUNNEL=''
  if [[ -z $LINK_PEER ]]; then return; fi
  peer=$(getent ahostsv4 "$LINK_PEER" | awk '{ print $1; exit }') || true
  if [[ -z $peer ]]; then
    finding refuse link-name "$NODE_NAME finds no IPv4 address of $LINK_PEER, the gateway of the other site; give that machine" \
      "an address in the config, or a name that $NODE_NAME knows"
    return
  fi
  route=$(ip -4 -o route get "$peer" 2>/dev/null) || true
  if [[ ! $route =~ \ dev\ ([^ ]+).*\ src\ ([^ ]+) ]]; then
    finding refuse link-route "$NODE_NAME has no route to $peer, the gateway of the other site, so there is no tunnel; add one"
    return
  fi
  NIC=${BASH_REMATCH[1]} NODE_ADDRESS=${BASH_REMATCH[2]} PEERS=$peer
  each_firewall try_link
}

# try_link: as try_rules.
try_link() {
  local answer way severity what lost='' where="from $PEERS"
  if ! answer=$(answer_of "$3" "$4"); then return; fi
  while read -r way severity what; do
    case $way in
      "$LINK_WAY") lost+="${lost:+, }$what" ;;
      unknown)
        finding warn firewall-unknown "the rules of $1 on $NODE_NAME could not be tried for what passes between the gateways" \
          "of the sites ($severity $what); see that they let UDP 500 and 4500 through"
        ;;
    esac
  done <<<"$answer"
  if [[ -z $lost ]]; then return; fi
  if [[ $LINK_WAY == out ]]; then where="to $PEERS"; fi
  finding refuse link-firewall "$NODE_NAME's own firewall ($1) drops $lost $where, the gateway of the other site, so there is" \
    "no tunnel; allow it there, or turn that firewall off"
}

# each_firewall FUNCTION: for each firewall of this machine alone, because a packet must pass all of them: accepted by one, it
# can still be dropped by another one.
each_firewall() {
  local family table save tables='' ufw
  if type -P nft >/dev/null; then tables=$(nft list tables 2>/dev/null) || true; fi
  while read -r _ family table; do
    case $family in ip | inet | netdev) ;; *) continue ;; esac
    if is_ours "$family" "$table" || is_turned_off "$table" || by_iptables "$family" "$table"; then continue; fi
    "$1" "table $family $table" nft "nft -s list table $family $table" 'nft -f -'
  done <<<"$tables"
  ufw=$(of_ufw)
  for save in iptables-nft-save iptables-legacy-save; do
    if ! type -P "$save" >/dev/null || iptables_of_firewalld; then continue; fi
    # Calling iptables-legacy-save without legacy tables would create them.
    if [[ $save == *legacy* && ! -s /proc/net/ip_tables_names ]]; then continue; fi
    "$1" "${save%-save}$ufw" "${save%-save}" "without_ours $save" "${save%-save}-restore"
  done
}

# Tables of this lab, and of its kube-proxy and Calico on a machine that already is a node.
is_ours() {
  [[ $2 == encaplab* || (-n $STAGE && "$1 $2" =~ ^(ip|inet)\ (kube-proxy|calico)$) ]]
}
without_ours() {
  if [[ -z $STAGE ]]; then
    "$1" 2>/dev/null
  else
    "$1" 2>/dev/null | { grep -vE '(^:|-A |-j |-g )(cali-|KUBE-|CNI-)|--comment "?cali:' || true; }
  fi
}

# prepare.sh turns firewalld off, so its rules do not matter. Without nftables as its backend they are iptables' rules.
is_turned_off() { [[ $1 == firewalld && $FIREWALLD == 1 ]]; }
iptables_of_firewalld() {
  [[ $FIREWALLD == 1 ]] && grep -qs '^FirewallBackend=iptables' /etc/firewalld/firewalld.conf
}

# Whether iptables-nft made a table. nft cannot load it if it has matches that only iptables knows.
by_iptables() {
  local text
  if ! type -P iptables-nft-save >/dev/null || ! [[ "$1 $2" =~ ^ip\ (filter|nat|mangle|raw|security)$ ]]; then return 1; fi
  text=$(iptables-nft-save -t "$2" 2>&1) || return 1
  [[ $text != *incompatible* ]]
}
of_ufw() {
  local status
  if ! type -P ufw >/dev/null; then return; fi
  status=$(ufw status 2>/dev/null) || return 0
  if [[ $status == *'Status: active'* ]]; then printf ' (ufw)'; fi
}

# try_rules NAME KIND LIST LOAD: LIST prints the rules, LOAD reads them.
try_rules() {
  local name=$1 kind=$2 answer way what severity
  local -A lost=()
  if ! answer=$(answer_of "$3" "$4"); then return; fi
  while read -r way severity what; do
    case $way in
      in | out | forward) lost[$way - $severity]+="${lost[$way - $severity]:+, }$what" ;;
      unknown)
        what="$severity $what"
        finding warn firewall-unknown "the rules of $name on $NODE_NAME could not be tried ($what);" \
          "see that they let nodes reach each other"
        ;;
    esac
  done <<<"$answer"
  for severity in refuse warn; do
    what=''
    if [[ $severity == warn ]]; then what=', which some encapsulations need'; fi
    what+="; allow it there, or turn that firewall off"
    if [[ -n ${lost[in - $severity]:-} ]]; then
      finding "$severity" firewall-in \
        "$NODE_NAME's own firewall ($name) drops ${lost[in - $severity]} from other nodes of the lab$what"
    fi
    if [[ -n ${lost[out - $severity]:-} ]]; then
      finding "$severity" firewall-out \
        "$NODE_NAME's own firewall ($name) drops ${lost[out - $severity]} to other nodes of the lab$what"
    fi
  done
  if [[ -n ${lost[forward - refuse]:-} ]]; then
    # Felix puts its chains before all other rules of iptables (ChainInsertMode), and accepts pods' packets there.
    if [[ $kind == iptables-nft && $CALICO == 1 && $PROXY_MODE != nftables ]]; then
      finding warn firewall-forward "$NODE_NAME's own firewall ($name) drops forwarded packets; Calico's rules come" \
        "first and let pods through, but nothing that this machine forwards for others"
    else
      finding refuse firewall-forward "$NODE_NAME's own firewall ($name) drops forwarded packets, so those of all pods;" \
        "allow $POD_CIDR there (iptables -P FORWARD ACCEPT if it is only the policy), or turn that firewall off"
    fi
  fi
}

# answer_of LIST LOAD: prints what trial.sh says about the rules. Fails if they cannot drop anything.
answer_of() {
  local rules program answer
  rules=$($1 2>/dev/null) || return 1
  # Without these words, no rule drops anything.
  grep -qiE '\b(drop|reject|queue|nfqueue)\b' <<<"$rules" || return 1
  program=$(declare -f number address_in trial network probes arrive sent delivered in_words)
  # shellcheck disable=SC2153 # the values are sent with the step
  answer=$(NIC=$NIC TUNNEL=$TUNNEL NODE_ADDRESS=$NODE_ADDRESS PEERS=$PEERS NEEDS=$NEEDS POD_CIDR=$POD_CIDR \
    unshare --net bash -c "$program; trial \"\$@\"" bash "$2" <<<"$rules" 2>&1) || answer="unknown ${answer##*$'\n'}"
  printf '%s\n' "$answer"
}
