# shellcheck shell=bash
# Sourced after process.sh. Starts, finds and ends, from outside, the pause process: the first process of a lab's PID
# namespace (see `pause`). It is found by FOLDER/pause.record alone, which it writes itself: two lines, "PID START USERS
# NAMESPACES" of it and "PID START" of the `unshare` that made its namespaces. The folder is its owner's only (0700).

# identity PROC: prints "START USERS NAMESPACES" of the process with this folder in /proc: when it started, its real,
# effective, saved and file system user, and its user, mount, PID and network namespaces.
identity() {
  local pid started parent key users namespaces
  process_state "$1" || return 1
  while read -r key users; do
    if [[ $key == Uid: ]]; then break; fi
  done 2>/dev/null <"$1/status"
  namespaces=$(readlink "$1/ns/user" "$1/ns/mnt" "$1/ns/pid" "$1/ns/net" 2>/dev/null) || return 1
  printf '%s %s %s' "$started" "${users//$'\t'/,}" "${namespaces//$'\n'/ }"
}

# open_pause FOLDER: opens the pause process's folder in /proc as file 8, if it runs and is ready. An open folder of /proc
# belongs to its process, not to the PID: if the process ends, nothing can be read there any more, also when the PID
# is used again. So what is opened through it is what was checked, as with a pidfd.
open_pause() {
  local pid wanted now
  exec 8<&-
  read -r pid wanted 2>/dev/null <"$1/pause.record" || return 1
  { exec 8<"/proc/$pid"; } 2>/dev/null || return 1
  now=$(identity /proc/self/fd/8) || return 1
  [[ $now == "$wanted" && -e /proc/self/fd/8/root/run/encaplab/ready ]]
}

# in_pause COMMAND…: runs COMMAND in the namespaces of the pause process that open_pause has opened. COMMAND must close
# file 8: through it, a program inside could reach this machine's /proc.
in_pause() {
  nsenter --mount=/proc/self/fd/8/ns/mnt --pid=/proc/self/fd/8/ns/pid -- "$@" </dev/null
}

# start_pause FOLDER SCRIPTS: starts the pause process, unless it runs, and waits until it is ready.
start_pause() {
  local folder=$1 here=$2 deadline=$((SECONDS + 20)) starter boot
  if open_pause "$folder"; then return; fi
  end_pause "$folder" # one that was not ready yet when its `up` was killed
  chmod 700 "$folder"
  # The pause process gives up when this is no longer its own: one that has not recorded itself could not be found.
  read -r boot </proc/sys/kernel/random/uuid
  printf '%s\n' "$boot" >"$folder/boot"
  # --kill-child: without it, a killed `unshare` would leave the pause process.
  setsid unshare --mount --pid --fork --kill-child --propagation private bash "$here/pause" "$folder" "$boot" \
    </dev/null >"$folder/pause.log" 2>&1 9>&- &
  starter=$!
  until open_pause "$folder"; do
    if ! kill -0 "$starter" 2>/dev/null || ((SECONDS >= deadline)); then
      die "containers: the lab's namespaces could not be made: $(cat "$folder/pause.log" || true)"
    fi
    sleep 0.02
  done
  # Do not report when it ends.
  disown "$starter"
}

# end_pause FOLDER: ends the lab. When the first process of a PID namespace ends, the kernel kills all others. Returns
# when all are gone.
end_pause() {
  local pid started rest wanted now outer='' outer_started='' former deadline=$((SECONDS + 60))
  # First: a pause process that has not recorded itself yet looks at this after it has, and ends.
  rm -f "$1/boot"
  exec 8<&-
  if { read -r pid started rest && read -r outer outer_started; } 2>/dev/null <"$1/pause.record"; then
    wanted="$started $rest"
    now=''
    if { exec 8<"/proc/$pid"; } 2>/dev/null; then now=$(identity /proc/self/fd/8) || true; fi
    if [[ $now == "$wanted" ]]; then kill_and_wait "$pid" "$started" "$deadline"; fi
    exec 8<&-
    # It ends by itself, but a moment later.
    while is_process "$outer" "$outer_started" && ((SECONDS < deadline)); do sleep 0.02; done
  fi
  former=$(former_pauses "$1")
  while read -r pid started; do
    [[ -z $pid ]] || kill_and_wait "$pid" "$started" "$deadline"
  done <<<"$former"
  rm -f "$1/pause.record"
}

# kill_and_wait PID START DEADLINE
kill_and_wait() {
  is_process "$1" "$2" || return 0
  kill -KILL "$1" 2>/dev/null || true
  while is_process "$1" "$2"; do
    ((SECONDS < $3)) ||
      die "containers: process $1 was killed but still exists; a process of the lab hangs in the kernel"
    sleep 0.02
  done
}

# former_pauses FOLDER: prints "PID START" of the pause processes of earlier versions, which did not record themselves.
# They are only ended, never entered. By their arguments, and by what another user cannot have: all four users are
# ours, and so is the user namespace.
former_pauses() {
  # shellcheck disable=SC2034 # process_state sets parent
  local entry argv pid started parent key users mine theirs
  mine=$(readlink /proc/self/ns/user)
  for entry in /proc/[0-9]*; do
    argv=()
    mapfile -d '' -t argv 2>/dev/null <"$entry/cmdline" || true
    ((${#argv[@]} >= 3)) || continue
    [[ ${argv[-2]} == */containers/@(pause|holder) && ${argv[-1]} == "$1" ]] || continue
    while read -r key users; do
      if [[ $key == Uid: ]]; then break; fi
    done <"$entry/status" || continue
    theirs=$(readlink "$entry/ns/user") || continue
    [[ ${users//$'\t'/,} == 0,0,0,0 && $theirs == "$mine" ]] || continue
    if process_state "$entry"; then printf '%s %s\n' "$pid" "$started"; fi
  done 2>/dev/null
}
