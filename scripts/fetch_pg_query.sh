#!/usr/bin/env bash
# Fetches libpg_query (PostgreSQL 18's parser as a C library) as carried by the crate pg_query, and
# compiles the parser alone into a static library, both in the user's cache so that it happens once
# for all checkouts. Prints the folder, which then holds:
#   libpg_query/  the sources and headers      libpgq.a  the parser

set -euo pipefail

version=18.1.0
recipe=1 # raise it when the flags or stubs below change
here=$(cd "$(dirname "$0")/.." && pwd)
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/oxibase
target=$cache/pg_query-$version-$recipe

if [ ! -f "$target/done" ]; then
  mkdir -p "$cache"
  exec 9>"$cache/pg_query.lock"
  flock 9
fi
if [ ! -f "$target/done" ]; then
  command -v cargo >/dev/null || {
    echo "cargo not found: libpg_query comes as a crate; install Rust from https://rustup.rs" >&2
    exit 1
  }
  echo "fetching and compiling libpg_query (crate pg_query $version) into $target" >&2
  work=$(mktemp -d "$cache/fetch.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  mkdir "$work/src"
  touch "$work/src/lib.rs"
  cat > "$work/Cargo.toml" <<TOML
[package]
name = "oxibase-fetch"
version = "0.0.0"
edition = "2021"
[dependencies]
pg_query = "=$version"
TOML
  (cd "$work" && cargo fetch -q >&2)
  crate=$(cd "$work" && cargo metadata -q --format-version 1 --offline |
    grep -o '"manifest_path":"[^"]*/pg_query-'"$version"'/Cargo.toml"' | head -1 |
    sed 's/.*:"//; s#/Cargo.toml"##')
  [ -d "$crate/libpg_query/src/postgres" ] || {
    echo "the crate pg_query $version has no libpg_query folder (looked in '$crate')" >&2
    exit 1
  }
  mkdir "$work/obj"
  cp -r "$crate/libpg_query" "$work/libpg_query"
  chmod -R u+w "$work/libpg_query"
  d=$work/libpg_query
  rm -rf "$d/test" "$d/benchmark"
  # Only the parser: 12 s on two cores instead of a minute with the JSON, protobuf and deparse parts.
  ls "$d"/src/postgres/*.c "$d/src/pg_query.c" "$d/src/pg_query_parse.c" \
    "$here/third_party/pg_query/shared_key.c" |
    xargs -P"$(nproc)" -I{} sh -c 'gcc -c -O2 -w -fPIC -fno-strict-aliasing -fwrapv \
      -ffunction-sections -fdata-sections -Dpthread_key_create=$3 \
      -I"$1" -I"$1/vendor" -I"$1/vendor/upb" -I"$1/src/postgres/include" -I"$1/src/include" \
      "$0" -o "$2/$(basename "$0" .c).o"' {} "$d" "$work/obj" oxi_key_create
  # Our own key function must call the real one.
  gcc -c -O2 -Wall -fPIC "$here/third_party/pg_query/shared_key.c" -o "$work/obj/shared_key.o"
  ar rcs "$work/libpgq.a" "$work"/obj/*.o
  rm -rf "$work/obj" "$work/src" "$work/Cargo.toml" "$work/Cargo.lock"
  touch "$work/done"
  rm -rf "$target"
  mv "$work" "$target"
  chmod 755 "$target"
  trap - EXIT
fi
echo "$target"
