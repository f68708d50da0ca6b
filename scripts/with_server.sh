#!/usr/bin/env bash
# Runs a command against a fresh server: with_server.sh PROGRAM COMMAND...
# PROGRAM is build/.../oxibase. The command finds it by PGHOST, PGPORT and PGUSER. Ends with the
# command's status, or 1 if the server does not start or does not end well on SIGTERM.
set -uo pipefail
program=$1
shift
folder=$(mktemp -d "${TMPDIR:-/tmp}/oxibase-server.XXXXXX")
"$program" serve --data "$folder/data" --listen 127.0.0.1:0 >"$folder/log" 2>&1 &
server=$!
trap 'kill -9 $server 2>/dev/null; rm -rf "$folder"' EXIT
# It takes a free port by itself, and says so when it is ready.
port=
for ((i = 0; i < 3000; i++)); do
  port=$(sed -nE 's/^oxibase: serving .*:([0-9]+)$/\1/p' "$folder/log")
  [ -z "$port" ] && kill -0 $server 2>/dev/null || break
  sleep 0.02
done
[ -n "$port" ] || {
  echo "the server does not start:" && tail -20 "$folder/log"
  exit 1
}
export PGHOST=127.0.0.1 PGPORT=$port PGUSER=postgres PGDATABASE=postgres PGSSLMODE=disable
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
