# shellcheck shell=bash
# The start of every step on a node. The whole step is sent on the standard input of `bash -s -- create|update|delete`:
#   this file, the step's values as NAME='value' lines, the step's file, and `main "$@" </dev/null`.
# Without that /dev/null, the step's own commands would read the rest of the script from standard input. A step defines
# the function `create` and, if it has something to undo, `delete`. You can kill both at any point and run them again.
set -Eeuo pipefail
shopt -s inherit_errexit # else a failure inside $(…) would be ignored, unless it is the last command
# On the RHEL family, sudo's PATH lacks some of these. LC_ALL: we match messages by patterns, so they must be in
# English.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
umask 022

STATE=/var/lib/encaplab # records what we changed, so that reset.sh undoes that and nothing else
RUN=/run/encaplab       # logs of commands, lost on reboot
LOCK=/run/lock/encaplab.lock
export KUBECACHEDIR=$RUN/kube-cache # else kubectl would leave ~/.kube on a machine that is not ours

# Standard output carries only the step's result: everything else that a command prints goes to standard error.
exec 3>&1 1>&2
say() { printf '%s\n' "$*" >&2; }
result() { printf '%s\n' "$*" >&3; }
die() {
  say "$*"
  exit 1
}

# Prints the command as written, with the names of variables instead of their values, so it never prints a secret.
trap 'failed $? "$BASH_COMMAND" "${FUNCNAME[0]:-main}"' ERR
failed() {
  # From attend or wait_for, which have already said what failed.
  case $2 in 'return '*) return ;; esac
  # The callers now fail too, one after the other: report only the first failure.
  trap - ERR
  say "failed in $3 (exit $1): $2"
}

# need NAME…: stops if a value that the step needs was not sent. An empty value is fine.
need() {
  local name
  for name in "$@"; do
    [[ -n ${!name+set} ]] || die "the value $name was not sent with this step"
  done
}

# wait_for SECONDS WHAT COMMAND…: waits until COMMAND succeeds. Retries often at first, later every two seconds.
wait_for() {
  local limit=$1 what=$2 start=$SECONDS told=0 pause=0.1 answer waited
  shift 2
  until answer=$("$@" 2>&1); do
    waited=$((SECONDS - start))
    if ((waited >= limit)); then
      say "gave up waiting for $what after $waited s. Last answer: ${answer:-(none)}"
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

# attend WHAT COMMAND…: runs a long COMMAND quietly. Prints its last line every ten seconds, its notes when it ends, and
# its last lines if it fails.
# If this script is killed, COMMAND continues and keeps the lock until it ends. Never call it in a condition: that turns
# `set -e` off inside COMMAND.
attend() {
  local what=$1 log start=$SECONDS told=0 pid status=0 last
  shift
  log=$(mktemp "$RUN/log.XXXXXX")
  say "$what"
  "$@" >"$log" 2>&1 3>&- </dev/null & # close 3: else an orphan would keep the reader of the result waiting
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.1
    if ((SECONDS - start >= told + 10)); then
      told=$((SECONDS - start))
      last=$(tail -n 1 "$log" | tail -c 200)
      say "$what: $told s so far; $last"
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

# Allows one run at a time on a machine: if the engine was killed, the run that it started may still be at work here. A step
# whose work makes that run's pointless defines end_earlier_run.
lock() {
  mkdir -p "$(dirname "$LOCK")" "$STATE"
  install -d -m 700 "$RUN"
  exec 9>>"$LOCK"
  if ! flock -n 9; then
    if declare -F end_earlier_run >/dev/null; then end_earlier_run; fi
    say "an earlier run is still at work on this machine; waiting for it to end"
    wait_for 1200 "the earlier run to end" flock -n 9 ||
      die "see what holds $LOCK on the machine: sudo lslocks | grep encaplab"
  fi
  rm -f "$RUN"/log.* # of runs that were killed
}

in_container() { systemd-detect-virt --quiet --container; }

# kubectl as the cluster's administrator; on the control plane only.
api() { kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=15s "$@"; }

# await_api SECONDS: waits for the API server of this control plane.
await_api() {
  wait_for "$1" "the API server" api get --raw /readyz ||
    die "no API server answers on this machine; is it the control plane?"
}

# note FILE LINE: adds LINE to $STATE/FILE unless it is there.
note() {
  grep -qsxF -- "$2" "$STATE/$1" || printf '%s\n' "$2" >>"$STATE/$1"
}
noted() { [[ -s "$STATE/$1" ]]; }

# put FILE COMMAND…: writes standard input to FILE and runs COMMAND to make it effective (`:` if FILE needs none). Does
# nothing if FILE already has this text and COMMAND succeeded for it.
put() {
  local file=$1 pending=$STATE/pending${1//\//_}
  shift
  cat >"$RUN/put"
  if cmp -s "$RUN/put" "$file" && [[ ! -e $pending ]]; then return; fi
  # If a run is killed between the write and COMMAND, this file stays and makes the next run execute COMMAND.
  : >"$pending"
  mkdir -p "${file%/*}"
  # Do not rename: in a container /etc/hosts is a mount, and a rename over a mount fails.
  cat "$RUN/put" >"$file"
  "$@"
  rm -f "$pending"
}

# own FILE COMMAND…: like put, but first saves the old file for reset.sh, or records that there was none.
own() {
  local file=$1 folder=${1%/*}
  if ! grep -qsxF -- "$file" "$STATE/made" && [[ ! -e "$STATE/before$file" ]]; then
    if [[ -e $file ]]; then
      mkdir -p "$STATE/before$folder"
      cp -a "$file" "$STATE/before.new"
      mv "$STATE/before.new" "$STATE/before$file"
    else
      if [[ ! -d $folder ]]; then note made "$folder"; fi
      note made "$file"
    fi
  fi
  put "$@"
}

main() {
  ((EUID == 0)) || die "the steps need root: allow this user to run sudo without a password"
  # Looking changes nothing, so it leaves no lock and no folders either.
  if [[ ${1:-} == look ]]; then
    look
    return
  fi
  lock
  case ${1:-} in
    create | update) create ;;
    delete) if declare -F delete >/dev/null; then delete; fi ;;
    *) die "a step is called with create, update, delete or look, not '${1:-}'" ;;
  esac
}
