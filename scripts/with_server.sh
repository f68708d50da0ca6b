#!/usr/bin/env bash
# Runs a command against a fresh server: with_server.sh PROGRAM COMMAND...
# PROGRAM is build/.../oxibase. The command finds it by PGHOST, PGPORT and PGUSER. Ends with the
# command's status, or 1 if the server does not start or does not end well on SIGTERM.
set -uo pipefail
program=$1
shift
folder=$(mktemp -d "${TMPDIR:-/tmp}/oxibase-server.XXXXXX")
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$program" serve --data "$folder/data" --listen "127.0.0.1:$port" >"$folder/log" 2>&1 &
server=$!
trap 'kill -9 $server 2>/dev/null; rm -rf "$folder"' EXIT
export PGHOST=127.0.0.1 PGPORT=$port PGUSER=postgres PGDATABASE=postgres PGSSLMODE=disable
for ((i = 0; i < 400; i++)); do
  (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
  kill -0 $server 2>/dev/null || break
  sleep 0.02
done
"$@"
status=$?
kill -TERM $server 2>/dev/null || {
  echo "the server is gone:" && tail -20 "$folder/log"
  exit 1
}
wait $server || {
  echo "the server ended badly:" && tail -20 "$folder/log"
  exit 1
}
exit $status
