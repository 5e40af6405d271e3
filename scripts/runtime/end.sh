# shellcheck shell=bash
# Sourced after process.sh. The end of a lab's pause process, and with it of everything in its namespaces: when
# the first process of a PID namespace ends, the kernel kills all others.

# Seconds after which a killed process counts as stuck in the kernel.
end_limit=60

# ask_record FOLDER VERB…: see recorded.pl. Without what Perl says about a locale that this machine does not have.
ask_record() { PERL_BADLANG=0 perl "${BASH_SOURCE[0]%/*}/recorded.pl" "$@"; }

# end_pause FOLDER: ends the pause process of this lab folder, recorded or not, and returns when it is gone. Does nothing if
# there is none.
end_pause() {
  local pid started pauses deadline=$((SECONDS + end_limit))
  # First: a pause process that is not found below, because it is only being started, looks at this and gives way.
  rm -f -- "$1/boot"
  pauses=$(ask_record "$1" living && unrecorded_pauses "$1")
  while read -r pid started; do
    if is_process "$pid" "$started"; then kill -KILL "$pid" 2>/dev/null || true; fi
  done <<<"$pauses"
  # Not after the wait: if our caller was killed, the folder may have a new record by then.
  rm -f -- "$1"/{sandbox.json,pause.record,realm.json}
  while read -r pid started; do
    while is_process "$pid" "$started"; do
      if ((SECONDS >= deadline)); then
        printf 'process %s was killed %d s ago and is still there: it hangs in the kernel\n' "$pid" "$end_limit" >&2
        return 1
      fi
      sleep 0.02
    done
  done <<<"$pauses"
}

# unrecorded_pauses FOLDER: prints "PID START" of this user's processes that run a pause process's script for this folder,
# in any version, and of the `unshare` above each, or the `start` that becomes it: its caller may have been killed. A command
# line proves nothing, so they are only ended, never entered.
unrecorded_pauses() {
  # shellcheck disable=SC2034 # process_state sets parent
  local entry entries argv i pid started parent
  # One program looks through all of them: bash would take a hundred times as long.
  # It also fails when a process ends during the search.
  entries=$(grep -lzxF -- "$1" /proc/[0-9]*/cmdline 2>/dev/null) || true
  while IFS= read -r entry; do
    entry=${entry%/cmdline} argv=()
    { mapfile -d '' -t argv <"$entry/cmdline"; } 2>/dev/null || continue
    for ((i = 1; i < ${#argv[@]}; i++)); do
      # Until version 0.1 it was called holder.
      [[ ${argv[i]} == "$1" && (${argv[i - 1]} == */runtime/start ||
        ${argv[i - 1]} == */@(twin|containers)/?(sandbox-|machine-|realm-)@(pause|holder)?(.sh)) ]] || continue
      if belongs_to "$entry" "$EUID" && process_state "$entry"; then printf '%s %s\n' "$pid" "$started"; fi
      break
    done
  done <<<"$entries"
}
