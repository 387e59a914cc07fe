# Runs nginx before the replicas of one service and keeps its list of them true: those that the engine's name server
# knows and that answer their health address. nginx before 1.27 cannot follow names inside an upstream by itself, and
# none can leave out a replica that is still starting. A reload drops no request: old workers end what they began.
set -u
name=${UPSTREAM_NAME:?}
port=${UPSTREAM_PORT:?}
health=${UPSTREAM_HEALTH:-/health}
conf=/tmp/nginx.conf

# A replica in use stays until it failed this often in a row: one that is busy is not gone.
patience=3
declare -A failures=()
current=none

addresses() {
  local address kind
  getent ahostsv4 "$name" | while read -r address kind _; do
    if [[ $kind == STREAM ]]; then echo "$address"; fi
  done | sort -u
}

# Prints the address when its health answers 200 within a second.
probe() {
  timeout 1 bash -c '
    exec 3<>"/dev/tcp/$0/$1" || exit 1
    printf "GET %s HTTP/1.0\r\nHost: localhost:%s\r\n\r\n" "$2" "$1" >&3
    read -r line <&3 && [[ $line == *" 200 "* ]] && echo "$0"' "$1" "$port" "$health" 2>/dev/null
}

render() {
  local servers="" state='503 "no replica\n"' address
  for address in $1; do servers+="    server $address:$port max_fails=1 fail_timeout=2s;"$'\n'; done
  if [[ -n $servers ]]; then state='200 "ready\n"'; else servers=$'    server 127.0.0.1:9 down;\n'; fi
  local text
  text=$(</gateway/nginx.conf)
  text=${text//@replicas@/"$servers"}
  text=${text//@retry@/"${UPSTREAM_RETRY:-error}"}
  text=${text//@bodyLimit@/"${BODY_LIMIT:-2m}"}
  text=${text//@buffering@/"${REQUEST_BUFFERING:-on}"}
  text=${text//@state@/"$state"}
  printf '%s\n' "$text" >"$conf"
}

# Which replicas to use now, from those that answered and those that may only be busy.
choose() {
  local known healthy address chosen=()
  known=$(addresses)
  healthy=" $(for address in $known; do probe "$address" & done | tr '\n' ' ') "
  for address in $known; do
    if [[ $healthy == *" $address "* ]]; then
      failures[$address]=0
      chosen+=("$address")
    elif [[ " $current " == *" $address "* ]]; then
      failures[$address]=$((${failures[$address]:-0} + 1))
      if ((failures[$address] < patience)); then chosen+=("$address"); fi
    fi
  done
  wanted="${chosen[*]-}"
}

stopping=no
# What is under way may end; a stream that never does must not make the engine kill all of it.
stop() {
  stopping=yes
  kill -QUIT "$nginx" 2>/dev/null
  (sleep "${DRAIN_SECONDS:-8}" && kill -TERM "$nginx") 2>/dev/null &
}

choose
current=$wanted
render "$current"
nginx -c "$conf" &
nginx=$!
trap stop TERM INT QUIT
echo "gateway: $name is answered by: ${current:-nobody yet}"

while [[ $stopping == no ]] && kill -0 "$nginx" 2>/dev/null; do
  sleep "${POLL_SECONDS:-2}" &
  wait $!
  [[ $stopping == no ]] || break
  choose
  if [[ $wanted != "$current" ]]; then
    current=$wanted
    render "$current"
    kill -HUP "$nginx"
    echo "gateway: $name is answered by: ${current:-nobody}"
  fi
done
wait "$nginx"
