# shellcheck shell=bash
# Sourced with FOLDER and BOOT_ID as $1 and $2. Both kinds of pause process first record themselves in the lab's folder.
#
# The record says which process it is: any user can start one with the same command line, and a PID is used again.
# Before the record exists, a pause process can only be ended, by its command line and its user (see process.ts).

boot_id=$2

# The starter may be killed at any moment: a write to its pipe must not kill the half-built sandbox.
trap '' PIPE HUP INT TERM

# From here on the folder is the working directory: a tmpfs over /run may hide its path (XDG_RUNTIME_DIR is there).
cd -- "$1" || exit 72

# If our starter was killed, the next starter may have looked for leftovers before we existed. Each starter writes its
# boot id into ./boot before it starts a pause process: if that is not our id, exit without changing anything.
is_mine() {
  local current
  IFS= read -r current <./boot && [[ $current == "$boot_id" ]]
} 2>/dev/null
if ! is_mine; then
  printf 'the folder %s no longer belongs to this sandbox\n' "$1" >&2
  exit 75
fi

# /proc is still the outer one here, so this is the PID that the host sees. Field 2, the command's name, may contain
# spaces: count the fields after its closing parenthesis. The start time is the 20th from there (proc(5)).
read -r stat </proc/self/stat
outer_pid=${stat%% *}
read -r -a fields <<<"${stat##*) }"
start_time=${fields[19]}
read -r machine_boot </proc/sys/kernel/random/boot_id
read -r _ user _ </proc/self/uid_map # our root is this user outside
namespaces=$(readlink /proc/self/ns/{user,mnt,pid,net})
namespaces=\"${namespaces//$'\n'/\",\"}\"

# record KIND READY: writes a new file and renames it, so that a reader never sees half a record.
record() {
  printf '{"kind":"%s","bootId":"%s","pid":%s,"startTime":%s,"machineBoot":"%s","user":%s,"namespaces":[%s],"ready":%s}\n' \
    "$1" "$boot_id" "$outer_pid" "$start_time" "$machine_boot" "$user" "$namespaces" "$2" >./sandbox.json.new
  mv -f ./sandbox.json.new ./sandbox.json
}
