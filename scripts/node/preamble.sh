# shellcheck shell=bash
# What every step on a node begins with. A step is sent whole on the standard input of `bash -s -- create|update|delete`:
#   this file, the step's values as NAME='value' lines, the step's file, and `main "$@" </dev/null`.
# The last line keeps the step's own commands from reading (and so swallowing) the rest of the script. A step defines the
# function `create` and, where there is something to take back, `delete`. Both may be killed at any point and run again.
set -Eeuo pipefail
# sudo's path lacks some of these on the RHEL family; messages are read by patterns, so they have to be English.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
umask 022

STATE=/var/lib/encaplab        # what we changed, so that reset.sh can take back that and nothing else
RUN=/run/encaplab              # logs of commands, gone with a reboot
LOCK=/run/lock/encaplab.lock
export KUBECACHEDIR=$RUN/kube-cache # kubectl would leave ~/.kube behind on a machine that is not ours

# Standard output carries the step's result alone: whatever a command prints by itself goes where progress goes.
exec 3>&1 1>&2
say() { printf '%s\n' "$*" >&2; }
result() { printf '%s\n' "$*" >&3; }
die() {
  say "$*"
  exit 1
}

# The command as it is written, with the names of variables and not their values: no secret can be in it.
trap 'failed $? "$BASH_COMMAND" "${FUNCNAME[0]:-main}"' ERR
failed() {
  case $2 in 'return '*) return ;; esac # of attend and wait_for, which have said what failed
  trap - ERR # the callers, which fail one after the other from here on, have nothing to add
  say "failed in $3 (exit $1): $2"
}

# need NAME…: the values that the step cannot do without. Empty is a value, absent is a mistake of the sender.
need() {
  local name
  for name in "$@"; do
    [ -n "${!name+set}" ] || die "the value $name was not sent with this step"
  done
}

# wait_for SECONDS WHAT COMMAND…: until COMMAND succeeds. Looks often at first, every two seconds later on.
wait_for() {
  local limit=$1 what=$2 start=$SECONDS told=0 pause=0.1 answer waited
  shift 2
  until answer=$("$@" 2>&1); do
    waited=$((SECONDS - start))
    if ((waited >= limit)); then
      say "waited $waited s for $what, in vain. Its last answer: ${answer:-(none)}"
      return 1
    fi
    if ((waited >= told + 5)); then
      told=$waited
      say "waiting for $what ($waited s of at most $limit)"
    fi
    sleep "$pause"
    case $pause in 0.1) pause=0.2 ;; 0.2) pause=0.5 ;; 0.5) pause=1 ;; 1) pause=2 ;; esac
  done
}

# attend WHAT COMMAND…: a long COMMAND, quietly; every ten seconds the last thing it said; its notes, and its last lines
# when it fails.
# It goes on when this script is killed, and keeps the lock until it ends. Never call it in a condition: `set -e` would
# then be off inside COMMAND.
attend() {
  local what=$1 log start=$SECONDS told=0 pid status=0
  shift
  log=$(mktemp "$RUN/log.XXXXXX")
  say "$what"
  "$@" >"$log" 2>&1 3>&- </dev/null & # without 3, or whoever reads the result would wait for an orphan
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.1
    if ((SECONDS - start >= told + 10)); then
      told=$((SECONDS - start))
      say "$what: $told s so far; $(tail -n 1 "$log" | tail -c 200)"
    fi
  done
  wait "$pid" || status=$?
  if ((status == 0)); then
    grep '^note: ' "$log" >&2 || true
  else
    tail -n 25 "$log" >&2
    say "failed (exit $status): $what"
  fi
  rm -f "$log"
  return "$status"
}

# One run at a time on a machine: the engine may have been killed while the run it started is still at work here.
lock() {
  mkdir -p "$(dirname "$LOCK")" "$STATE"
  install -d -m 700 "$RUN"
  exec 9>>"$LOCK"
  if ! flock -n 9; then
    say "an earlier run is still at work on this machine; this one goes on when it has ended"
    wait_for 1200 "the earlier run to end" flock -n 9 ||
      die "see what holds $LOCK on the machine: sudo lslocks | grep encaplab"
  fi
  rm -f "$RUN"/log.* # of runs that were killed
}

in_container() { systemd-detect-virt --quiet --container; }

# Kubernetes' API, as its administrator; on the control plane only.
api() { kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=15s "$@"; }

# note FILE LINE: LINE is in $STATE/FILE, once.
note() {
  grep -qsxF -- "$2" "$STATE/$1" || printf '%s\n' "$2" >>"$STATE/$1"
}
noted() { [ -s "$STATE/$1" ]; }

# put FILE COMMAND…: FILE holds the text on standard input, and COMMAND has made it effective (`:` when nothing has to).
# Nothing is done when both are so.
put() {
  local file=$1 pending=$STATE/pending${1//\//_}
  shift
  cat >"$RUN/put"
  if cmp -s "$RUN/put" "$file" && [ ! -e "$pending" ]; then return; fi
  # A run that is killed between writing and COMMAND leaves this, and the next one knows.
  : >"$pending"
  mkdir -p "${file%/*}"
  # Not by renaming: a container has /etc/hosts mounted, and a rename over a mount fails.
  cat "$RUN/put" >"$file"
  "$@"
  rm -f "$pending"
}

# own FILE COMMAND…: as put, and what was there before us, or that nothing was, is recorded for reset.sh.
own() {
  local file=$1 folder=${1%/*}
  if ! grep -qsxF -- "$file" "$STATE/made" && [ ! -e "$STATE/before$file" ]; then
    if [ -e "$file" ]; then
      mkdir -p "$STATE/before$folder"
      cp -a "$file" "$STATE/before.new"
      mv "$STATE/before.new" "$STATE/before$file"
    else
      if [ ! -d "$folder" ]; then note made "$folder"; fi
      note made "$file"
    fi
  fi
  put "$@"
}

main() {
  ((EUID == 0)) || die "the steps change the machine and need root: let the user run sudo without a password"
  lock
  case ${1:-} in
    create | update) create ;;
    delete) if declare -F delete >/dev/null; then delete; fi ;;
    *) die "a step is called with create, update or delete, not '${1:-}'" ;;
  esac
}
