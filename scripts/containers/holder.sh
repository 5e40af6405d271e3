# shellcheck shell=bash
# Sourced. The holder: the first process of a lab's PID namespace (see `holder`), started, found and ended from outside.

# Its processes on this machine: itself and the `unshare` that made its namespaces. Found by their arguments, so there is
# no moment at which they run and nobody could know.
holder_pids() {
  local folder=$1 entry argv
  for entry in /proc/[0-9]*; do
    argv=()
    mapfile -d '' -t argv 2>/dev/null <"$entry/cmdline" || true
    ((${#argv[@]} >= 3)) || continue
    [[ ${argv[-2]} == */containers/holder && ${argv[-1]} == "$folder" ]] || continue
    printf '%s %s\n' "${entry#/proc/}" "${argv[0]}"
  done 2>/dev/null
}

# The holder itself once it is ready, as this machine numbers it; else nothing.
holder_pid() {
  local pid name
  while read -r pid name; do
    if [ "$name" = bash ] && [ -e "/proc/$pid/root/run/encaplab/ready" ]; then printf '%s' "$pid"; fi
  done < <(holder_pids "$1")
}

start_holder() {
  local folder=$1 here=$2 deadline=$((SECONDS + 20)) starter
  [ -z "$(holder_pid "$folder")" ] || return 0
  end_holder "$folder" # one that was still being made when its `up` was killed
  setsid unshare --mount --pid --fork --mount-proc --propagation private bash "$here/holder" "$folder" \
    </dev/null >"$folder/holder.log" 2>&1 9>&- &
  starter=$!
  until [ -n "$(holder_pid "$folder")" ]; do
    if ! kill -0 "$starter" 2>/dev/null || ((SECONDS >= deadline)); then
      die "containers: the lab's namespaces could not be made: $(cat "$folder/holder.log")"
    fi
    sleep 0.02
  done
  # Its end is not this script's business.
  disown "$starter"
}

# Ends the lab: the kernel ends every process of a PID namespace with its first one. Returns when all are gone.
end_holder() {
  local pid name pids=() deadline=$((SECONDS + 60))
  while read -r pid name; do pids+=("$pid"); done < <(holder_pids "$1")
  for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do
    while is_alive "$pid"; do
      ((SECONDS < deadline)) || die "containers: process $pid was killed and is still there; a process of the lab hangs in the kernel"
      sleep 0.02
    done
  done
}

# A process whose parent does not fetch its end stays as a zombie, of which nothing lives.
is_alive() {
  local stat
  read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
  case ${stat##*) } in Z* | X*) return 1 ;; esac
}
