# shellcheck shell=bash
# Sourced. Prints progress on stderr: the caller of scripts/engine/find reads stdout.

# The functions here return the exit status of a command whose output they read through a pipe.
set -o pipefail

say() { printf '%s\n' "$*" >&2; }
die() {
  say "$@"
  exit 1
}
# For what is only interesting when something is wrong: a run that finds everything in place prints nothing.
note() { [[ ${ENCAPLAB_VERBOSE:-} != 1 ]] || say "$@"; }

# show LABEL LOG [TOTAL]: reads a command's output to the end, keeps it in LOG, and prints progress every few seconds:
# with TOTAL as "N of at most TOTAL", counting the lines that are Go package names, otherwise the last line. `read -t`
# is the clock, so progress also appears while a command prints nothing (a linker, a download).
show() {
  local label=$1 log=$2 total=${3:-} every=5 end=$'\n' start=$SECONDS next line='' last='' count=0 status
  [[ ! -t 2 ]] || { every=1 end=$'\r'; }
  next=$((SECONDS + every))
  while :; do
    status=0
    IFS= read -r -t "$every" line || status=$?
    if ((status == 0)); then
      printf '%s\n' "$line" >>"$log"
      last=$line
      # A package path contains no blank; "go: downloading …" and compiler messages do.
      [[ $line == *' '* ]] || count=$((count + 1))
    elif ((status <= 128)); then # end of file; above 128: timeout
      break
    fi
    ((SECONDS >= next)) || continue
    next=$((SECONDS + every))
    if [[ -n $total ]] && ((count > 0)); then
      last="$count of at most $total packages"
      ((count < total)) || last="linking"
    fi
    [[ $end == $'\n' ]] || printf '\r\033[K' >&2
    printf '%s (%d s) %.90s%s' "$label" $((SECONDS - start)) "$last" "$end" >&2
  done
  [[ $end == $'\n' ]] || printf '\r\033[K' >&2
}

# run_shown LABEL COMMAND…: runs it and prints progress. If it fails, prints why and returns its status.
run_shown() {
  local label=$1 log status=0
  shift
  log=$(mktemp)
  "$@" 2>&1 </dev/null | show "$label" "$log" || status=$?
  if ((status != 0)) && ! say_no_network "$label" "$log"; then
    say "$label: failed with status $status; its last lines:"
    tail -n 15 "$log" >&2
  fi
  rm -f "$log"
  return "$status"
}

# How apt, npm, Go, curl and dnf say that a host cannot be reached.
no_network_words='(could not|temporary failure) resolv|(could not|unable to|cannot initiate the) connect'
no_network_words+='|E(NOTFOUND|AI_AGAIN|CONNREFUSED|TIMEDOUT|NETUNREACH|HOSTUNREACH)'
no_network_words+='|dial tcp|no such host'
no_network_words+='|couldn.t resolve|failed to connect|(connection|operation) timed out'
no_network_words+='|network is unreachable|no route to host'

# say_no_network LABEL LOG…: if the logs of a failed command say that a host could not be reached, prints that in one
# line, with the command's own line below it. Otherwise prints nothing and returns 1.
say_no_network() {
  local label=$1 line host='' said
  local names='(resolve|resolving|lookup|connect to|connection to|dial tcp|ENOTFOUND|EAI_AGAIN)'
  shift
  said=$(cat "$@" 2>/dev/null | grep -Ei "$no_network_words") || return 1
  # The first line that names the host. An address may contain a user's name and password: keep only the host.
  while IFS= read -r line && [[ -z $host ]]; do
    if [[ $line =~ https?://([^/[:space:]\"\']+) ]] ||
      [[ $line =~ $names\ (host:\ )?\'?([A-Za-z0-9.-]+[A-Za-z0-9]) ]]; then
      host=${BASH_REMATCH[3]:-${BASH_REMATCH[1]}} host=${host##*@} host=${host%%:*}
      said=$line
    fi
  done <<<"$said"
  say "$label: no network: ${host:-a server} cannot be reached"
  said=$(head -n 1 <<<"$said" | sed -E 's/^[[:space:]]+//; s#://[^/@[:space:]]*@#://#' | cut -c 1-200)
  say "  $said"
}
