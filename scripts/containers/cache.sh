# shellcheck shell=bash
# Sourced, after scripts/engine/progress.sh. What is made once and kept in the user's cache.

# shellcheck disable=SC2034 # for whoever sources this
encaplab_cache=${XDG_CACHE_HOME:-$HOME/.cache}/encaplab

# cache_key FILE-OR-TEXT…: a short name that differs whenever one of these files, or of these words, does.
cache_key() {
  local input
  for input in "$@"; do
    if [ -f "$input" ]; then cat "$input"; else printf '%s\n' "$input"; fi
  done | sha256sum | head -c 16
}

# keep FOLDER LABEL COMMAND…: makes FOLDER by `COMMAND… WORK`, unless it is there. WORK is an empty folder beside it, which
# gets FOLDER's name at the very end: killed at any point before that, nothing is left that looks finished.
# Two runs at once: the second waits. A child of a killed run keeps the lock open, so it is waited for too.
keep() {
  local folder=$1 label=$2 lock work
  shift 2
  [ ! -d "$folder" ] || return 0
  mkdir -p "${folder%/*}"
  exec {lock}>"$folder.lock"
  if ! flock -n "$lock"; then
    say "$label: another run is at it; waiting for that"
    until flock -w 5 "$lock"; do say "$label: still waiting for the other run ($SECONDS s)"; done
  fi
  if [ ! -d "$folder" ]; then
    rm -rf --one-file-system "$folder".work.*
    work=$(mktemp -d "$folder.work.XXXXXX")
    chmod 755 "$work" # mktemp's 700 would be the mode of a node's /
    "$@" "$work"
    mv "$work" "$folder"
  fi
  exec {lock}>&-
}
