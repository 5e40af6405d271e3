# shellcheck shell=bash disable=SC2154 # root is set by scripts/setup, encaplab_… by the files below
# Sourced by scripts/setup. The commands `cache`, `cache prune` and `uninstall`.

source "$(dirname "${BASH_SOURCE[0]}")/../containers/cache.sh"

# cache_command [--json] | prune [--yes]
cache_command() {
  case "${1:-}" in
    '') show_cache ;;
    --json) cache_json ;;
    prune) prune_cache ;;
    *) die "setup: unknown option of cache: '$1'; use: cache, cache --json, or cache prune" ;;
  esac
}

# All entries with their size, as lines "KIND SECONDS STATE FOLDER KILOBYTES" with tabs. `du` counts a file with several
# names once.
sized_entries() {
  local kind used state folder size entries
  entries=$(cache_entries)
  while IFS=$'\t' read -r kind used state folder; do
    [[ -n $kind ]] || continue
    size=$(du -sk -- "$folder" 2>/dev/null | cut -f 1) || true # it was removed while we looked
    printf '%s\t%s\t%s\t%s\t%s\n' "$kind" "$used" "$state" "$folder" "${size:-0}"
  done <<<"$entries"
}

# Kilobytes as a text of seven characters.
size_text() {
  if (($1 >= 1000000)); then
    printf '%4d.%d GB' $(($1 / 1000000)) $(($1 / 100000 % 10))
  else
    printf '%4d MB' $((($1 + 999) / 1000))
  fi
}

# The same without the blanks before it.
short_size() { size_text "$1" | sed 's/^ *//'; }

show_cache() {
  local kind used state folder size text since entries last='' total=0 free=0
  entries=$(sized_entries)
  while IFS=$'\t' read -r kind used state folder size; do
    [[ -n $kind ]] || continue
    if [[ $kind != "$last" ]]; then cache_title "$kind"; fi
    last=$kind
    text=$(size_text "$size")
    since=$(age "$used")
    printf '  %7s  %6s ago  %-6s  %s\n' "$text" "$since" "$state" "${folder#"$encaplab_cache"/}"
    total=$((total + size))
    [[ $state != unused ]] || free=$((free + size))
  done <<<"$entries"
  if [[ -z $last ]]; then
    printf 'The cache is empty: %s\n' "$encaplab_cache"
    return
  fi
  text=$(short_size "$total")
  printf '%s in %s\n' "$text" "$encaplab_cache"
  text=$(short_size "$free")
  ((free == 0)) || printf 'Nothing uses %s of it: scripts/lab cache prune\n' "$text"
}

# A text in quotes, as JSON wants it.
json_text() {
  local text=${1//\\/\\\\}
  printf '"%s"' "${text//\"/\\\"}"
}

# { folder, bytes, entries: [{ path, kind, title, bytes, lastUsed, state }] }; `lastUsed` in UTC, `state` as
# cache_entries says.
cache_json() {
  local kind used state folder size path title sized total=0 comma='' entries=''
  sized=$(sized_entries)
  while IFS=$'\t' read -r kind used state folder size; do
    [[ -n $kind ]] || continue
    path=$(json_text "$folder")
    title=$(cache_title "$kind")
    TZ=UTC printf -v used '%(%Y-%m-%dT%H:%M:%SZ)T' "$used"
    entries+=$comma$'\n    { "path": '"$path, \"kind\": \"$kind\", \"title\": \"$title\", \"bytes\": $((size * 1024)),"
    entries+=" \"lastUsed\": \"$used\", \"state\": \"$state\" }"
    comma=,
    total=$((total + size * 1024))
  done <<<"$sized"
  path=$(json_text "$encaplab_cache")
  printf '{\n  "folder": %s,\n  "bytes": %d,\n  "entries": [%s]\n}\n' "$path" "$total" "${entries:+$entries$'\n  '}"
}

# confirmed QUESTION: for what cannot be taken back. `CI=true` is no consent to that.
confirmed() {
  local answer
  [[ ${ENCAPLAB_YES:-} != 1 ]] || return 0
  if [[ ! -t 0 || ! -t 2 ]]; then
    say "setup: there is no terminal to ask on; add --yes"
    return 1
  fi
  read -r -p "$1 [y/N] " answer
  [[ $answer == [yY]* ]]
}

# Removes every entry that no lab and no process uses, except the last used one of each kind.
prune_cache() {
  local kind used state folder size text entries unused=() total=0
  entries=$(sized_entries)
  while IFS=$'\t' read -r kind used state folder size; do
    [[ $state == unused ]] || continue
    unused+=("$folder")
    total=$((total + size))
    text=$(size_text "$size")
    printf '  %s  %s\n' "$text" "$folder"
  done <<<"$entries"
  if ((${#unused[@]} == 0)); then
    say "Nothing to remove: everything in $encaplab_cache is in use, or the newest of its kind."
    return
  fi
  text=$(short_size "$total")
  confirmed "Remove these ($text)?" || return 1
  for folder in "${unused[@]}"; do remove_entry "$folder"; done
  say "Removed."
}

# The labs that are up, a line each: those of which our own state records a resource (they may be in a cloud, and then
# the state is all that can find them), and those that have a folder on this machine.
labs_up() {
  local file
  {
    for file in "$encaplab_state"/pulumi/.pulumi/stacks/*/*.json{,.gz}; do
      [[ -e $file ]] || continue
      # One that is not whole (a full disk) may have recorded a resource, too: it is empty, or has no last brace.
      case $file in *.gz) gzip -dc "$file" ;; *) cat "$file" ;; esac 2>/dev/null |
        awk '/"urn":/ { found = 1 } { last = $0 } END { exit !(found || last !~ /}[[:space:]]*$/) }' || continue
      file=${file##*/}
      printf '%s\n' "${file%.json*}"
    done
    for file in "$encaplab_state"/{twins,containers}/*/; do
      file=${file%/} file=${file##*/}
      # A lab folder is named after its stack, with eight random characters (components/infrastructure/lab-folder.ts).
      [[ $file == '*' ]] || printf '%s\n' "${file%-????????}"
    done
  } | sort -u
}

# Where tsx keeps what it has compiled. It makes this folder for each user, and has no setting for another one. Other
# programs of the user that run by tsx make theirs again.
tsx_cache=${TMPDIR:-/tmp}/tsx-$EUID

# Removes everything that encaplab has made outside the checkout. Refuses while a lab is up or something is in use.
uninstall() {
  local labs used folder there=()
  labs=$(labs_up | paste -sd' ')
  [[ -z $labs ]] || die "setup: these labs are up: $labs; take each down first: scripts/lab down NAME"
  used=$(cache_entries | grep $'\tin use\t' | cut -f 4 | paste -sd' ') || true
  [[ -z $used ]] || die "setup: processes of this machine still use: $used; end them first"
  for folder in "$encaplab_cache" "$encaplab_state"; do
    [[ ! -d $folder ]] || there+=("$folder")
  done
  if ((${#there[@]} == 0)); then
    rm -rf "$tsx_cache" # the start of this very command may have made it
    say "Nothing to remove: encaplab has left nothing outside this checkout."
    return
  fi
  [[ ! -d $tsx_cache ]] || there+=("$tsx_cache")
  say "This removes:"
  du -sh -- "${there[@]}" >&2
  confirmed "Remove these folders?" || return 1
  local packages by_hand
  packages=$(installed_packages)
  # shellcheck disable=SC2086 # split the list into names
  by_hand=$(removal $packages)
  rm -rf "${there[@]}"
  say "Removed. This checkout is yours to delete: $root"
  [[ -z $packages ]] ||
    say "encaplab had installed these system packages; if you need none of them: $by_hand"
}
