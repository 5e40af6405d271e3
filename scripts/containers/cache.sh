# shellcheck shell=bash
# Sourced after scripts/engine/progress.sh. Makes things once and keeps them in the user's cache.

# shellcheck disable=SC2034 # for the scripts that source this
encaplab_cache=${XDG_CACHE_HOME:-$HOME/.cache}/encaplab
source "$(dirname "${BASH_SOURCE[0]}")/../cache/prune.sh"

# cache_key FILE-OR-TEXT…: a short name that changes when one of the files or texts changes.
cache_key() {
  local input
  for input in "$@"; do
    if [[ -f $input ]]; then cat "$input"; else printf '%s\n' "$input"; fi
  done | sha256sum | head -c 16
}

# keep FOLDER LABEL COMMAND…: makes FOLDER by `COMMAND… WORK`, unless it exists. WORK is an empty folder beside it that
# is renamed to FOLDER at the very end, so a killed run never leaves a FOLDER that looks finished. Then removes old
# folders of the same kind. Of two runs at once, the second waits. A child of a killed run keeps the lock open, so the
# next run waits for it too.
keep() {
  local folder=$1 label=$2 lock work made=''
  shift 2
  if [[ -d $folder ]]; then
    mark_used "$folder"
    return 0
  fi
  mkdir -p "${folder%/*}"
  exec {lock}>"$folder.lock"
  if ! flock -n "$lock"; then
    say "$label: another run is making it; waiting"
    until flock -w 5 "$lock"; do say "$label: still waiting for the other run ($SECONDS s)"; done
  fi
  if [[ ! -d $folder ]]; then
    rm -rf --one-file-system "$folder".work.*
    work=$(mktemp -d "$folder.work.XXXXXX")
    chmod 755 "$work" # else a node's / would have mktemp's mode 700
    "$@" "$work"
    mv "$work" "$folder"
    made=yes
  fi
  exec {lock}>&-
  if [[ -n $made ]]; then prune "$folder"; fi
}
