# shellcheck shell=bash
# Sourced. Prints progress on stderr: the caller of scripts/engine/find reads stdout.

# The functions here return the exit status of a command whose output they read through a pipe.
set -o pipefail

say() { printf '%s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

# show LABEL LOG [TOTAL]: reads a command's output to the end, keeps it in LOG, and prints progress every few seconds: with
# TOTAL as "N of at most TOTAL", counting the lines that are Go package names, otherwise the last line.
# `read -t` is the clock, so progress also appears while a command prints nothing (a linker, a download).
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
      # A package path contains no blank; "go: downloading …" and compiler messages do.
      [[ $line == *' '* ]] || count=$((count + 1))
    elif ((status <= 128)); then # end of file; above 128: timeout
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

# run_shown LABEL COMMAND…: runs it and prints progress. If it fails, prints its last lines and returns its status.
run_shown() {
  local label=$1 log status=0
  shift
  log=$(mktemp)
  "$@" 2>&1 </dev/null | show "$label" "$log" || status=$?
  if ((status != 0)); then
    say "$label: failed with status $status; its last lines:"
    tail -n 15 "$log" >&2
  fi
  rm -f "$log"
  return "$status"
}
