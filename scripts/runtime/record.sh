# shellcheck shell=bash
# Sourced after process.sh. A lab's pause process, seen from outside: it is the one that FOLDER/sandbox.json describes, which
# it wrote itself (pause.sh), in every respect. Its namespaces are entered through its own folder in /proc only.

# read_record FILE: sets the caller's `record`, an associative array, to the fields of a record. What an earlier version did
# not write is not set.
read_record() {
  local text='' field
  record=()
  IFS= read -r -d '' text 2>/dev/null <"$1" || [[ -n $text ]] || return 1
  for field in bootId machineBoot; do
    if [[ $text =~ \"$field\":\"([^\"]*)\" ]]; then record[$field]=${BASH_REMATCH[1]}; fi
  done
  for field in pid startTime user ready; do
    if [[ $text =~ \"$field\":([0-9a-z]+) ]]; then record[$field]=${BASH_REMATCH[1]}; fi
  done
  if [[ $text =~ \"namespaces\":\[([^]]*\][^]]*\][^]]*\][^]]*\][^]]*)\] ]]; then
    text=${BASH_REMATCH[1]//\"/}
    record[namespaces]=${text//,/ }
  fi
  [[ -n ${record[pid]-} && -n ${record[startTime]-} ]]
}

# read_former_record FILE: the same for a record of node containers until version 0.2: "PID START USERS NAMESPACES" in its
# first line. Such a lab keeps running, and is used and ended like any other.
read_former_record() {
  local pid started user namespaces
  read -r pid started user namespaces 2>/dev/null <"$1" || return 1
  # It is ready when it has this file.
  record=([pid]=$pid [startTime]=$started [user]=${user%%,*} [namespaces]=$namespaces [ready]=/run/encaplab/ready)
}

# is_recorded PROC FOLDER: whether the process with this folder in /proc is the one of `record`, and this user's: when it
# started, its users, and its user, mount, PID and network namespaces. No other user may be able to write in the folder: its
# record could name any process.
is_recorded() {
  # shellcheck disable=SC2034 # process_state sets pid and parent
  local pid started parent boot said owner mode number now=() name
  process_state "$1" && [[ $started == "${record[startTime]}" ]] || return 1
  read -r boot </proc/sys/kernel/random/boot_id
  [[ $boot == "${record[machineBoot]-$boot}" ]] || return 1
  [[ ${record[user]-$EUID} == "$EUID" ]] && belongs_to "$1" "$EUID" || return 1
  # One program for all: it takes as long as all else here.
  said=$(stat -L -c '%u %a %i' -- "$2" "$1"/ns/{user,mnt,pid,net} 2>/dev/null) || return 1
  read -r owner mode number <<<"$said"
  ((owner == EUID && (8#$mode & 8#022) == 0)) || return 1
  for name in user mnt pid net; do
    said=${said#*$'\n'}
    read -r owner mode number <<<"$said"
    now+=("$name:[$number]")
  done
  [[ ${now[*]} == "${record[namespaces]-${now[*]}}" ]]
}

# open_pause FOLDER [BOOT_ID]: opens the pause process's folder in /proc as file 3, if it runs and is ready, and was started
# with this boot id. An open folder of /proc belongs to its process, not to the PID: if the process ends, nothing can be
# read there any more, also when the PID is used again. So what is opened through it is what was checked, as with a pidfd.
open_pause() {
  local -A record
  exec 3<&-
  read_record "$1/sandbox.json" || read_former_record "$1/pause.record" || return 1
  [[ -n ${record[user]-} && -n ${record[namespaces]-} && ${2:-${record[bootId]-}} == "${record[bootId]-}" ]] || return 1
  { exec 3<"/proc/${record[pid]}"; } 2>/dev/null || return 1
  if is_recorded /proc/self/fd/3 "$1" && is_ready "${record[ready]-}"; then return; fi
  exec 3<&-
  return 1
}
is_ready() { [[ $1 == true || ($1 == /* && -e /proc/self/fd/3/root$1) ]]; }

# enter_pause NAMESPACES COMMAND…: becomes COMMAND in these namespaces of the pause process that open_pause has opened.
# NAMESPACES: nsenter's options, separated by commas. COMMAND must close file 3: through it, a program inside could reach
# this machine's /proc.
enter_pause() {
  local names name enter=(nsenter --preserve-credentials)
  IFS=, read -r -a names <<<"$1"
  for name in "${names[@]}"; do enter+=("--$name=/proc/self/fd/3/ns/${name/mount/mnt}"); done
  exec "${enter[@]}" -- "${@:2}"
}
