# shellcheck shell=bash
# What both kinds of holder do first: record themselves in the lab's folder. Sourced with FOLDER and BOOT_ID as $1, $2.
#
# The record comes before anything else, so that no moment exists at which a holder runs and cannot be found: before
# the record, by its command line (see process.ts); afterwards, by the record.

boot_id=$2

# The starter may be killed at any moment; a write to its pipe must not kill the realm half-built.
trap '' PIPE HUP INT TERM

# From here on the folder is the working directory: a tmpfs over /run may hide its path (XDG_RUNTIME_DIR lies there).
cd -- "$1" || exit 72

# A starter that was killed may have left us behind, not yet born when the next one looked for leftovers. Who starts a
# realm writes its boot id into ./boot first: a holder with another one gives way and touches nothing.
is_mine() {
  local current
  IFS= read -r current < ./boot && [[ $current == "$boot_id" ]]
} 2> /dev/null
if ! is_mine; then
  printf 'the folder %s is no longer this realm'"'"'s\n' "$1" >&2
  exit 75
fi

# /proc is still the outer one here, so this is the number by which others know this process. Field 2, the command's
# name, may hold spaces: fields are counted after its closing parenthesis. 20 fields on is the start time (proc(5)).
read -r stat < /proc/self/stat
outer_pid=${stat%% *}
read -r -a fields <<< "${stat##*) }"
start_time=${fields[19]}
read -r machine_boot < /proc/sys/kernel/random/boot_id

record() { # record KIND READY: written beside and renamed, so that a reader never sees half a record
  printf '{"kind":"%s","bootId":"%s","pid":%s,"startTime":%s,"machineBoot":"%s","ready":%s}\n' \
    "$1" "$boot_id" "$outer_pid" "$start_time" "$machine_boot" "$2" > ./realm.json.new
  mv -f ./realm.json.new ./realm.json
}
