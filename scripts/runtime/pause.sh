# shellcheck shell=bash
# Sourced with FOLDER, BOOT_ID and USER as $1, $2 and $3 by each kind of pause process: process 1 of a lab's namespaces,
# which `start` has made. It keeps them alive and reaps orphans (as process 1 must; bash does that by itself on SIGCHLD).
# Everything inside dies with it. First it records itself in the lab's folder, so that there is no moment at which
# namespaces exist without a record. The record says which process it is: any user can start one with the same command
# line, and a PID is used again. Before the record exists, a pause process can only be ended, by its command line and user.

boot_id=$2

# The starter may be killed at any moment: a write to its pipe must not kill the half-built sandbox.
trap '' PIPE HUP INT TERM

# From here on the folder is the working directory: a tmpfs over /run may hide its path (XDG_RUNTIME_DIR is there).
cd -- "$1" || exit 72

# If our starter was killed, the next one, or who ends the lab, may have looked for leftovers before we existed. Both change
# ./boot first: if it does not have our id, exit without changing anything.
is_mine() {
  local current
  IFS= read -r current <./boot && [[ $current == "$boot_id" ]]
} 2>/dev/null
if ! is_mine; then
  printf 'the folder %s no longer belongs to this pause process\n' "$1" >&2
  exit 75
fi

# /proc is still the outer one here, so these are the PID and the start time that the host sees.
process_state /proc/self
# shellcheck disable=SC2154 # process_state sets pid and started
outer_pid=$pid start_time=$started
read -r machine_boot </proc/sys/kernel/random/boot_id
user=$3 # as the starter sees it: in a user namespace, it is root
namespaces=$(readlink /proc/self/ns/{user,mnt,pid,net})
namespaces=\"${namespaces//$'\n'/\",\"}\"

# record KIND READY: writes a new file and renames it, so that a reader never sees half a record.
record() {
  printf '{"kind":"%s","bootId":"%s","pid":%s,"startTime":%s,"machineBoot":"%s","user":%s,"namespaces":[%s],"ready":%s}\n' \
    "$1" "$boot_id" "$outer_pid" "$start_time" "$machine_boot" "$user" "$namespaces" "$2" >./sandbox.json.new
  mv -f ./sandbox.json.new ./sandbox.json
}

# keep KIND: says that everything is there, and keeps the namespaces. If the lab's folder was deleted or belongs to a later
# start, it ends: nothing could find these namespaces any more. `read` with a time limit, on a pipe without a writer, waits
# without starting a process.
keep() {
  local never
  record "$1" true
  printf 'ready\n' 2>/dev/null || true
  exec >/dev/null 2>&1
  # shellcheck disable=SC2312 # `:` cannot fail
  exec {never}<> <(:)
  while is_mine; do
    read -r -t 2 -u "$never" || true
  done
  # In this function, so that nothing more is read from the script, which may have changed while the lab ran.
  exit
}
