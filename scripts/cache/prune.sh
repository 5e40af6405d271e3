# shellcheck shell=bash
# Sourced by scripts/containers/cache.sh. Removes what nothing uses from the user's cache.

source "$(dirname "${BASH_SOURCE[0]}")/entries.sh"

# prune FOLDER: called when this entry of the cache was made; looks at all of its kind. Keeps what is in use, the two
# that were used last (for a change of branch and back), and everything that was used within a day: another checkout may
# be about to use that.
prune() {
  local kind used folder since entries paths='' rank=0 now
  kind=$(kind_of "$1")
  [[ -n $kind ]] || return 0
  now=$(date +%s)
  entries=$(entries_by_use "$kind")
  while IFS=$'\t' read -r kind used folder; do
    [[ -n $kind ]] || continue
    rank=$((rank + 1))
    ((rank > 2 && now - used > 24 * 3600)) || continue
    [[ -n $paths ]] || paths=$(paths_in_use)
    ! in_use "$folder" "$paths" || continue
    since=$(age "$used")
    say "cache: removing $folder, which was last used $since ago"
    remove_entry "$folder"
  done <<<"$entries"
}

# Renames first: a run that is killed here must not leave an entry that looks complete. The lock keeps out a run that is
# just making it.
remove_entry() {
  (
    folder=$1
    if [[ -e $folder.lock ]] && type -P flock >/dev/null; then
      exec 9>>"$folder.lock"
      flock -n 9 || exit 0
    fi
    mv "$folder" "$folder.removed.$BASHPID" && rm -rf "$folder.removed.$BASHPID"
  )
}

# How long ago a moment was, in its largest unit.
age() {
  local seconds
  printf -v seconds '%(%s)T' -1
  seconds=$((seconds - $1))
  if ((seconds < 3600)); then
    printf '%d min' $((seconds / 60))
  elif ((seconds < 24 * 3600)); then
    printf '%d h' $((seconds / 3600))
  else
    printf '%d d' $((seconds / 86400))
  fi
}
