# shellcheck shell=bash
# Sourced. Says what goes on, on stderr, because stdout of scripts/engine/find is the answer its caller reads.

# The functions here pass on the status of a command that they read through a pipe.
set -o pipefail

say() { printf '%s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

# show LABEL LOG [TOTAL]: reads a command's output to the end, keeps it in LOG, and says every few seconds how far it is:
# as "N of TOTAL" counting the lines that are Go package names, else with the last line seen.
# `read -t` is the clock: a command that prints nothing (a linker, a download) still gets its sign of life.
show() {
  local label=$1 log=$2 total=${3:-} every=5 end=$'\n' start=$SECONDS next line='' last='' count=0 status
  [ ! -t 2 ] || { every=1 end=$'\r'; }
  next=$((SECONDS + every))
  while :; do
    status=0
    IFS= read -r -t "$every" line || status=$?
    if ((status == 0)); then
      printf '%s\n' "$line" >>"$log"
      last=$line
      # A package path holds no blank; "go: downloading …" and compiler messages do.
      [[ $line == *' '* ]] || count=$((count + 1))
    elif ((status <= 128)); then # end of file; above 128 is the time limit
      break
    fi
    ((SECONDS >= next)) || continue
    next=$((SECONDS + every))
    if [ -n "$total" ] && ((count > 0)); then
      last="$count of at most $total packages"
      ((count < total)) || last="linking"
    fi
    [ "$end" = $'\n' ] || printf '\r\033[K' >&2
    printf '%s (%d s) %.90s%s' "$label" $((SECONDS - start)) "$last" "$end" >&2
  done
  [ "$end" = $'\n' ] || printf '\r\033[K' >&2
}

# run_shown LABEL COMMAND…: runs it with signs of life; when it fails, shows what it said last and passes its status on.
run_shown() {
  local label=$1 log status=0
  shift
  log=$(mktemp)
  "$@" 2>&1 </dev/null | show "$label" "$log" || status=$?
  if ((status != 0)); then
    say "$label: failed with status $status; it said last:"
    tail -n 15 "$log" >&2
  fi
  rm -f "$log"
  return "$status"
}
