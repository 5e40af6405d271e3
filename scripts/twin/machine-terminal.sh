#!/usr/bin/env bash
# The client side of a shell in a machine: connects this terminal to port 7002 (see machine-init.sh). Must run in the
# network namespace of the machine's pause process.
#   machine-terminal.sh NAMESPACE
set -euo pipefail
exec 3<&- # see scripts/runtime/recorded.pl

size=$(stty size 2>/dev/null) || size='24 80'
exec {connection}<>/dev/tcp/127.0.0.1/7002
printf '%s %s %s\n' "$1" "${TERM:-linux}" "$size" >&"$connection"
raw=''
if [[ -t 0 ]]; then raw=,raw,echo=0; fi
exec socat "STDIO$raw" "FD:$connection"
