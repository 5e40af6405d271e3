# shellcheck shell=bash disable=SC2154 # encaplab_cache is set by scripts/containers/cache.sh
# Sourced by prune.sh. What is in the user's cache, and what of it is in use.

encaplab_state=${XDG_STATE_HOME:-$HOME/.local/state}/encaplab

# Columns: kind, pattern of its entries below the cache, description. The first pattern that fits decides. The kinds
# that only the test suites make come last.
read -r -d '' cache_kinds <<'TABLE' || true
unfinished       */*.work.*                 what an interrupted run left
unfinished       */work.*                   what an interrupted run left
unfinished       */*.damaged.*              what an interrupted run left
unfinished       */*.removed.*              what an interrupted run left
unfinished       */unfinished-*             what an interrupted run left
engine           engine/*                   Pulumi, the engine
packages         bundle/packages-*          the npm packages in one file
program          bundle/program-*           encaplab's own code in one file
machine          machine/form-*             the kernel of the twin's QEMU machine
node-root        node-root/*                the Debian root of node containers
calico           calico                     Calico's manifests
binaries         cluster/binaries-*         Kubernetes, compiled for the test suite
layer            cluster/layer-*            Kubernetes for node containers, of the test suite
calico-programs  cluster/calico-programs-*  Calico, compiled for the test suite
calico-images    cluster/calico-*           Calico's images, of the test suite
stand-ins        standins/*                 Pulumi plug-ins of the test suite
sshd             standins-sshd              the SSH server of the test suite
plugins          plugins                    Pulumi plug-ins of the test suite
TABLE

# What a kind is, in a few words.
cache_title() {
  local kind pattern title
  while read -r kind pattern title; do
    if [[ $kind == "$1" ]]; then
      printf '%s\n' "$title"
      return
    fi
  done <<<"$cache_kinds"
}

# The kind of an entry; nothing for a folder that is none.
kind_of() {
  local kind pattern title
  while read -r kind pattern title; do
    # shellcheck disable=SC2053 # it is a pattern
    if [[ $1 == "$encaplab_cache"/$pattern ]]; then
      printf '%s\n' "$kind"
      return
    fi
  done <<<"$cache_kinds"
}

# mark_used FOLDER: notes that an entry of the cache is used now, in the time of its lock file. Another user's cache
# cannot be written to, and need not be.
mark_used() { touch "$1.lock" 2>/dev/null || true; }

# When an entry was last used, in seconds since 1970. Without a mark: when it was made.
last_use() {
  local mark=$1.lock
  [[ $mark -nt $1 ]] || mark=$1
  date -r "$mark" +%s 2>/dev/null || echo 0 # it was removed while we looked
}

# entries_by_use KIND: the entries of a kind, or with `all` of every kind, as lines "KIND SECONDS FOLDER" with tabs; in
# the order of the table, and of each kind the last used one first.
entries_by_use() {
  local wanted=$1 kind pattern title folder used row=0
  local -A seen=()
  while read -r kind pattern title; do
    [[ -n $kind ]] || continue
    row=$((row + 1))
    for folder in "$encaplab_cache"/$pattern; do
      [[ -d $folder && -z ${seen[$folder]-} ]] || continue
      seen[$folder]=yes
      [[ $wanted == all || $kind == "$wanted" ]] || continue
      used=$(last_use "$folder")
      printf '%d\t%s\t%s\t%s\n' "$row" "$kind" "$used" "$folder"
    done
  done <<<"$cache_kinds" | sort -t $'\t' -k 1,1n -k 3,3nr -k 4,4 | cut -f 2-
}

# Paths that running processes and labs depend on: programs, arguments (QEMU's kernel), overlays (the roots of nodes),
# and the roots that the disks of stopped nodes were made with.
paths_in_use() {
  {
    cat /proc/[0-9]*/cmdline | tr '\0' '\n'
    readlink /proc/[0-9]*/exe
    cat /proc/[0-9]*/mountinfo | grep -F ' - overlay '
    cat "$encaplab_state"/containers/*/nodes/*/lower
  } 2>/dev/null || true # processes end while we look
}

# in_use FOLDER PATHS: whether an entry is used by a lab or a process, or is just being made by another run.
in_use() {
  local folder=$1 paths=$2 lock=${1%.work.*}.lock held=''
  [[ "$paths"$'\n' != *"$folder"[/:,$'\n']* ]] || return 0
  [[ -e $lock ]] && type -P flock >/dev/null || return 1
  # shellcheck disable=SC2094 # the file is only locked
  flock -n "$lock" true || held=yes
  [[ -n $held ]]
}

# All entries with their state, as lines "KIND SECONDS STATE FOLDER" with tabs. STATE: `in use`; `newest`, the last used
# entry of its kind, which the next run will probably need; or `unused`.
cache_entries() {
  local paths kind used folder state entries last=''
  paths=$(paths_in_use)
  entries=$(entries_by_use all)
  while IFS=$'\t' read -r kind used folder; do
    [[ -n $kind ]] || continue
    state=unused
    if in_use "$folder" "$paths"; then
      state='in use'
    elif [[ $kind != "$last" && $kind != unfinished ]]; then
      state=newest
    fi
    last=$kind
    printf '%s\t%s\t%s\t%s\n' "$kind" "$used" "$state" "$folder"
  done <<<"$entries"
}
