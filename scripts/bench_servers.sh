# To be sourced by comparisons (bench/*.sh) after `build` was set: starts PostgreSQL 18 with its
# defaults and C locale, and OxiBase, both in a folder of their own under TMPDIR, and ends them with
# the script. Sets work, bin (PostgreSQL's programs), pg_port, oxi_port, and PGHOST and the like.
source_bin=${PG_BIN:-$(bench/postgres18.sh)}
work=$(mktemp -d)
chmod 755 "$work"
bin=$work/pgsql/bin
cp -r "$(dirname "$source_bin")" "$work/pgsql" # where users other than root can read it
as_user() {                                    # initdb and postgres refuse root
  if [ "$(id -u)" = 0 ]; then setpriv --reuid nobody --regid nogroup --clear-groups "$@"; else "$@"; fi
}
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
cleanup() {
  [ -z "${server:-}" ] || kill "$server" 2>/dev/null || true
  as_user "$bin/pg_ctl" -D "$work/pg" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap cleanup EXIT

pg_port=$(free_port)
mkdir "$work/pg"
[ "$(id -u)" != 0 ] || chown nobody "$work/pg"
as_user "$bin/initdb" -D "$work/pg" -U postgres --locale=C --encoding=UTF8 -A trust >/dev/null
as_user "$bin/pg_ctl" -D "$work/pg" -w -l "$work/pg/log" -o "-p $pg_port -k /tmp -h 127.0.0.1" start >/dev/null
oxi_port=$(free_port)
"$build/oxibase" serve --data "$work/oxi" --listen "127.0.0.1:$oxi_port" >"$work/oxi.log" 2>&1 &
server=$!
for ((i = 0; i < 500; i++)); do
  (exec 3<>"/dev/tcp/127.0.0.1/$oxi_port") 2>/dev/null && break
  sleep 0.02
done
export PGHOST=127.0.0.1 PGUSER=postgres PGDATABASE=postgres PGSSLMODE=disable
