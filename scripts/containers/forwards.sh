# shellcheck shell=bash disable=SC2154 # folder and spec are set by `inside`
# Sourced by `inside`. Port forwards: ports on this machine's loopback that lead to a node. The listener is in this
# machine's network namespace, and each connection continues from the router's.

# For each forward a file "PID START port address:target", in the lab's own /run.
forwards=/run/encaplab/forwards

# Opens the forwards of the spec and closes all others. FOLDER/ports records "name port" while the lab exists, so that a
# node keeps its port.
bring_forwards() {
  local name port address target file wanted kept=() lines=''
  touch "$folder/ports"
  wanted=$(jq -r '
    def ip: .address | split("/")[0];
    (.nodes[] | [.name, .port // "-", ip, "22"]),
    (.apiNode as $api | ["@api", .apiPort // "-", (.nodes[] | select(.name == $api) | ip), "6443"])
    | @tsv' "$spec")
  while IFS=$'\t' read -r name port address target; do
    kept+=("$name")
    port=$(open_forward "$name" "$port" "$address" "$target")
    lines+="$name"$'\t'"$port"$'\n'
  done <<<"$wanted"
  printf %s "$lines" >"$folder/ports.new"
  mv "$folder/ports.new" "$folder/ports"
  for file in "$forwards"/*; do
    [[ -e $file ]] || continue
    case " ${kept[*]} " in *" ${file##*/} "*) ;; *) close_forward "${file##*/}" ;; esac
  done
}

# open_forward NAME PORT|- ADDRESS TARGET: forwards PORT (`-`: any free port) to ADDRESS:TARGET, and prints the port.
open_forward() {
  local name=$1 wanted=$2 address=$3 target=$4 pid started port where tries
  local file=$forwards/$1 log=/run/encaplab/forward-$1.log
  if read -r pid started port where 2>/dev/null <"$file" && [[ $where == "$address:$target" ]] &&
    [[ $wanted == - || $wanted == "$port" ]] && listens "$pid" "$started" "$port"; then
    printf '%s' "$port"
    return
  fi
  close_forward "$name"
  port=$wanted
  [[ $wanted != - ]] || port=$(awk -F '\t' -v name="$name" '$1 == name { print $2 }' "$folder/ports")
  for ((tries = 0; tries < 200; tries++)); do
    # Below 32768, where Linux takes the ports of outgoing connections: those could occupy our port at any time.
    [[ -n $port ]] || port=$((20000 + RANDOM % 12000))
    # Each connection has its own child, which enters the router's network namespace. -t 30: when one side closes, wait
    # up to 30 s for data of the other.
    daemon "$log" socat -t 30 "TCP-LISTEN:$port,bind=127.0.0.1,reuseaddr,fork" \
      "EXEC:nsenter --net=/run/netns/router socat -t 30 STDIO TCP\\:$address\\:$target"
    pid=$! started=-
    process_state "/proc/$pid" || true # it may have ended already
    printf '%s %s %s %s\n' "$pid" "$started" "$port" "$address:$target" >"$file"
    within 10 "port $port of 127.0.0.1 did not open" listens_or_ended "$pid" "$started" "$port"
    if listens "$pid" "$started" "$port"; then
      printf '%s' "$port"
      return
    fi
    [[ $wanted == - ]] || die "containers: cannot listen on port $port of 127.0.0.1 for $name: $(cat "$log" || true);" \
      "choose another port in the spec"
    port=''
  done
  die "containers: no free port of 127.0.0.1 for $name: tried 200 ports between 20000 and 32000"
}

close_forward() {
  local pid started port where
  if read -r pid started port where 2>/dev/null <"$forwards/$1" && is_process "$pid" "$started"; then
    kill -KILL "$pid"
    within 10 "port $port did not close" not is_process "$pid" "$started"
  fi
  rm -f "$forwards/$1"
}

# forward_is_open NAME PORT
forward_is_open() {
  local pid started port where
  read -r pid started port where 2>/dev/null <"$forwards/$1" && [[ $port == "$2" ]] && listens "$pid" "$started" "$port"
}
not() { ! "$@"; }
# listens PID START PORT
listens() { is_process "$1" "$2" && ss -Htlnp "sport = :$3" | grep -q "127.0.0.1:$3 .*pid=$1,"; }
listens_or_ended() { ! is_process "$1" "$2" || listens "$@"; }
