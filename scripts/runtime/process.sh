# shellcheck shell=bash
# Sourced. Recognizes a process that was started earlier. A PID is used again, and every user can give a process any
# command line, so neither says which process it is. A record "PID START…", in a file that no other user can write, does:
# within one boot, no two processes have the same PID and the same start time (proc(5)).

# process_state PROC: sets `pid`, `started` (clock ticks since the boot of this machine) and `parent` of the process
# with this folder in /proc. Fails if there is none, or a zombie, which is only still listed.
process_state() {
  local stat fields
  read -r stat 2>/dev/null <"$1/stat" || return 1
  # The command's name, in parentheses, may contain blanks and parentheses: count from the last one.
  read -r -a fields <<<"${stat##*) }"
  [[ ${fields[0]} != [ZX] ]] || return 1
  # shellcheck disable=SC2034 # for the caller
  pid=${stat%% *} started=${fields[19]} parent=${fields[1]}
}

# is_process PID START: whether exactly this process lives.
is_process() {
  # shellcheck disable=SC2034 # process_state sets it
  local pid started parent
  [[ -n $1 ]] && process_state "/proc/$1" && [[ $started == "$2" ]]
}

# belongs_to PROC USER: whether the process's real, effective, saved and file system user are all this one. A program that
# another user has started with more rights (setuid) has kept at least one of that user's.
belongs_to() {
  local key real effective saved files
  while read -r key real effective saved files; do
    if [[ $key == Uid: ]]; then
      [[ "$real $effective $saved $files" == "$2 $2 $2 $2" ]]
      return
    fi
  done 2>/dev/null <"$1/status"
  return 1
}

# record_process PID FILE: writes the record of a process that was just started.
record_process() {
  # shellcheck disable=SC2034 # process_state sets it
  local pid started parent
  process_state "/proc/$1" || return 1
  printf '%s %s\n' "$pid" "$started" >"$2.new"
  mv "$2.new" "$2"
}

# runs FILE: whether the process of this record lives.
runs() {
  local pid
  recorded "$1"
}

# recorded FILE: sets `pid` to the process of this record. Fails if there is none, or it has ended.
recorded() {
  local started
  read -r pid started 2>/dev/null <"$1" && is_process "$pid" "$started"
}
