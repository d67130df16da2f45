#!/usr/bin/env bash
# The main job, end to end, against the embedded simulator and three small sample backends: everything it starts it
# ends, and it fails when any step does not do what it should.
set -euo pipefail
cd "$(dirname "$0")/.."
reconciler=$(realpath "$1")
work=$(mktemp -d)
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap cleanup EXIT

title() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
# expect CODE COMMAND...: shows the command, runs it, and checks how it ends.
expect() {
  local want=$1 code=0
  shift
  printf '$ reconciler %s\n' "$*"
  "$reconciler" "$@" >"$work/out" 2>&1 || code=$?
  cat "$work/out"
  [ "$code" -eq "$want" ] || { echo "demo: it ended with $code, not $want" >&2; exit 1; }
}
# shows TEXT: the last output must contain it.
shows() { grep -qF -- "$1" "$work/out" || { echo "demo: the output lacks '$1'" >&2; exit 1; }; }
# Starts a server of ours and waits for the line that says where it listens; sets $port.
start_server() {
  # What the last one said is not what this one says.
  : >"$work/server"
  "$reconciler" simulator --listen 127.0.0.1:0 "$@" >"$work/server" &
  pids+=($!)
  until grep -q 'http://' "$work/server"; do kill -0 "${pids[-1]}"; done
  port=$(sed -E 's/.*:([0-9]+)$/\1/' "$work/server")
}

# npm METHOD PATH JSON TOKEN: a call as a browser would make it, without needing a client program.
npm() {
  exec 3<>"/dev/tcp/127.0.0.1/$npm_port"
  printf '%s %s HTTP/1.1\r\nHost: npm\r\nConnection: close\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\nContent-Length: %s\r\n\r\n%s' \
    "$1" "$2" "$4" "${#3}" "$3" >&3
  cat <&3
  exec 3>&-
}

title "An NPM simulator and three sample backends"
start_server --control
npm_port=$port
printf 'NPM simulator on port %s\n' "$npm_port"
cp -r desired "$work/desired"
for backend in 9101 9102 9103; do
  # The sample backends are simulators too: small servers that answer 200.
  start_server
  sed -i "s/127.0.0.1:$backend/127.0.0.1:$port/" "$work"/desired/*.yaml
done
cd "$work"
export NPM_URL=http://127.0.0.1:$npm_port NPM_IDENTITY=admin@example.com NPM_SECRET=changeme NO_COLOR=1

title "Are the files right, and do the destinations answer?"
expect 0 validate --probe
shows "all destinations answer"

title "What would happen?"
expect 2 diff --exit-code
shows "3 to create"

title "Make it so"
expect 0 apply --yes
shows "3 applied"

title "Again: nothing to do, and nothing is written"
expect 0 apply --yes
shows "Nothing to do"

title "A host is changed in NPM"
token=$(npm POST /api/tokens '{"identity":"admin@example.com","secret":"changeme"}' "" | sed -nE 's/.*"token":"([^"]+)".*/\1/p')
npm PUT /api/nginx/proxy-hosts/1 '{"forward_port":4000,"allow_websocket_upgrade":true}' "$token" >/dev/null
expect 2 diff --exit-code --write-status
shows "changed in NPM by admin@example.com"
shows "4000 ->"

title "Repaired"
expect 0 apply --yes
shows "updated, online"
expect 0 diff --exit-code

title "A mistake in the YAML"
cat >desired/new.yaml <<'YAML'
proxy_hosts:
  wiki:
    domain_names: [wiki.example.com, Photos.example.com]
    forward_prot: 3000
    forward: http://127.0.0.1:3000
YAML
expect 3 validate
shows "did you mean 'forward_port'?"
shows "already served by 'photos'"

title "A destination that is not there blocks that host only"
printf 'proxy_hosts:\n  wiki:\n    domain_names: [wiki.example.com]\n    forward: http://127.0.0.1:1\n' >desired/new.yaml
expect 5 apply --yes
shows "Port 1 is not accepting connections."

title "A configuration that nginx refuses is not called applied"
printf 'proxy_hosts:\n  wiki:\n    domain_names: [wiki.example.com]\n    forward: http://127.0.0.1:%s\n    advanced_config: proxy_bufering off;\n' \
  "$port" >desired/new.yaml
expect 5 apply --yes
shows "nginx refused it"
rm desired/new.yaml
expect 0 apply --yes --policy sync
shows "deleted"

title "A host that was made by hand is taken over, as it is"
npm POST /api/nginx/proxy-hosts \
  "{\"domain_names\":[\"cam.example.com\"],\"forward_scheme\":\"http\",\"forward_host\":\"127.0.0.1\",\"forward_port\":$port}" \
  "$token" >/dev/null
printf 'proxy_hosts:\n  cam:\n    domain_names: [cam.example.com]\n    forward: http://127.0.0.1:%s\n    block_exploits: false\n' "$port" >desired/cam.yaml
expect 0 diff --exit-code
shows "take them over with: reconciler adopt --all"
expect 0 adopt --all --yes
shows "adopted, online"

title "Undo"
printf '    allow_websocket_upgrade: true\n' >>desired/cam.yaml
expect 0 apply --yes
shows "undo with: reconciler rollback"
expect 0 rollback --yes
shows "cam         updated"
sed -i '$d' desired/cam.yaml
expect 0 apply --yes

title "Left running: what is saved is live, and a backend that dies is one alert"
printf 'health: { interval: 1s }\nalerts: { sinks: [{ name: here, type: log }] }\n' | tee reconciler.yaml
"$reconciler" watch 2>"$work/watch" &
daemon=$!
pids+=("$daemon")
# says TEXT: waits until the daemon's log has it.
says() { until grep -qF -- "$1" "$work/watch"; do kill -0 "$daemon"; done; }
says "in sync: 4 objects"
printf '    allow_websocket_upgrade: true\n' >>desired/cam.yaml
says "update proxy_host/cam: updated, online"
kill "${pids[3]}"
says "CRITICAL:"
cat "$work/watch"
expect 0 status
shows "unhealthy"
expect 0 alerts
shows "host-down"
kill "$daemon"
wait "$daemon"

title "Where things stand"
expect 0 status
shows "4 of 4 in sync"
expect 0 events
shows "DriftRepaired"
title "Done"
