# shellcheck shell=bash
# Sourced. Starts, finds and ends, from outside, the pause process: the first process of a lab's PID namespace (see
# `pause`).

# pause_pids FOLDER: prints "PID program" of the pause process on this machine, and of the `unshare` that made its
# namespaces. Finds them by their arguments: a PID file would not exist yet in the first moment.
pause_pids() {
  local folder=$1 entry argv
  for entry in /proc/[0-9]*; do
    argv=()
    mapfile -d '' -t argv 2>/dev/null <"$entry/cmdline" || true
    ((${#argv[@]} >= 3)) || continue
    # An older version called it `holder`.
    [[ ${argv[-2]} == */containers/@(pause|holder) && ${argv[-1]} == "$folder" ]] || continue
    printf '%s %s\n' "${entry#/proc/}" "${argv[0]}"
  done 2>/dev/null
}

# pause_pid FOLDER: prints the PID of the pause process on this machine, or nothing while it is not ready.
pause_pid() {
  local pid name
  while read -r pid name; do
    if [[ $name == bash && -e "/proc/$pid/root/run/encaplab/ready" ]]; then printf '%s' "$pid"; fi
  done < <(pause_pids "$1")
}

# start_pause FOLDER SCRIPTS: starts the pause process, unless it runs, and waits until it is ready.
start_pause() {
  local folder=$1 here=$2 deadline=$((SECONDS + 20)) starter
  [[ -z "$(pause_pid "$folder")" ]] || return 0
  end_pause "$folder" # one that was not ready yet when its `up` was killed
  setsid unshare --mount --pid --fork --mount-proc --propagation private bash "$here/pause" "$folder" \
    </dev/null >"$folder/pause.log" 2>&1 9>&- &
  starter=$!
  until [[ -n "$(pause_pid "$folder")" ]]; do
    if ! kill -0 "$starter" 2>/dev/null || ((SECONDS >= deadline)); then
      die "containers: the lab's namespaces could not be made: $(cat "$folder/pause.log")"
    fi
    sleep 0.02
  done
  # Do not report when it ends.
  disown "$starter"
}

# end_pause FOLDER: ends the lab. When the first process of a PID namespace ends, the kernel kills all others. Returns
# when all are gone.
end_pause() {
  local pid name pids=() deadline=$((SECONDS + 60))
  while read -r pid name; do pids+=("$pid"); done < <(pause_pids "$1")
  for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do
    while is_alive "$pid"; do
      ((SECONDS < deadline)) ||
        die "containers: process $pid was killed but still exists; a process of the lab hangs in the kernel"
      sleep 0.02
    done
  done
}

# is_alive PID: a zombie counts as dead, because only its parent has not reaped it yet.
is_alive() {
  local stat
  read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
  case ${stat##*) } in Z* | X*) return 1 ;; esac
}
