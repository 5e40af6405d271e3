#!/usr/bin/env bash
# enter.sh PID START NAMESPACES COMMAND…: runs COMMAND in namespaces of the process that has this PID and started at
# this time (clock ticks since the machine's boot). NAMESPACES: nsenter's options, separated by commas. COMMAND must
# close file 3.
set -euo pipefail
pid=$1 started=$2
IFS=, read -r -a namespaces <<<"$3"
shift 3

# An open folder of /proc belongs to the process, not to the PID: if the process ends, nothing can be read there any
# more, also when the PID is used again. So the namespaces are those of the process that was checked, as with a pidfd.
if ! { exec 3<"/proc/$pid" && read -r stat </proc/self/fd/3/stat; } 2>/dev/null; then stat=''; fi
# Field 2, the command's name, may contain blanks and parentheses: count from the last one (proc(5)).
read -r -a fields <<<"${stat##*) }"
if [[ ${fields[19]-} != "$started" ]]; then
  printf 'the process %s of the sandbox has ended\n' "$pid" >&2
  exit 69
fi
enter=(nsenter --preserve-credentials)
for name in "${namespaces[@]}"; do enter+=("--$name=/proc/self/fd/3/ns/${name/mount/mnt}"); done
exec "${enter[@]}" -- "$@"
