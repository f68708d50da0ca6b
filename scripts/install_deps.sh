#!/usr/bin/env bash
# Installs from the distribution what building and testing needs and this machine lacks, after saying
# what and why. Quick when nothing is missing. Debian 12 is what the project is built on.
# Usage: install_deps.sh [build] [test] [lint]    (default: build)
set -euo pipefail

# group | package | why
table='
build|g++|the compiler (C++20; 12 or newer)
build|cmake|the build (3.25 or newer)
build|ninja-build|runs the build in parallel
build|mold|links in a fraction of the time
build|ccache|a file that did not change is not compiled twice
build|pkg-config|finds libraries
build|python3|the check that no module includes upwards
build|ca-certificates|cargo fetches over TLS
build|libfmt-dev|text formatting
build|libabsl-dev|hash tables, B-tree maps, time zones
build|libboost-dev|big integers behind numeric
build|libicu-dev|Unicode case and collations
build|libre2-dev|regular expressions in linear time
build|libsimdjson-dev|reading JSON
build|libssl-dev|hashes, random numbers, TLS
build|libzstd-dev|compression of segments
build|liblz4-dev|compression of log and blocks
build|libxxhash-dev|checksums
build|libroaring-dev|bitmaps
build|libedit-dev|line editing in the shell
build|libcli11-dev|command-line options
build|libpq-dev|the client library that the SQL tests over the wire use
build|tzdata|time zone names
test|libgtest-dev|unit tests
test|libgmock-dev|unit tests
test|postgresql-client-15|psql, pointed at our server by the tests
lint|clang-format-19|the layout of the sources
lint|clang-tidy-19|common mistakes
lint|clang-19|thread-safety annotations are checked by clang alone
'
groups=" ${*:-build} "
missing=() reasons=""
while IFS='|' read -r group package why; do
  [ -n "$group" ] || continue
  [[ $groups == *" $group "* ]] || continue
  if [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
    missing+=("$package")
    reasons+=$(printf '  %-22s %s' "$package" "$why")$'\n'
  fi
done <<<"$table"

if [ ${#missing[@]} -gt 0 ]; then
  command -v apt-get >/dev/null || {
    printf 'These Debian packages are needed, and apt-get is not here to install them:\n%s' "$reasons"
    exit 1
  }
  printf 'Installing %d packages of the distribution:\n%s' "${#missing[@]}" "$reasons"
  sudo=
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
      echo "This takes root; run as root: apt-get install ${missing[*]}" >&2
      exit 1
    }
    sudo=sudo
  fi
  $sudo apt-get update -qq || echo "apt-get update failed; trying with the package lists at hand" >&2
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >/dev/null
fi

# pgbench comes with PostgreSQL's server, which would start here if it were installed: its package is
# unpacked into the cache instead. Without it its test is left out.
pgbench=${XDG_CACHE_HOME:-$HOME/.cache}/oxibase/pgbench
if [[ $groups == *" test "* ]] && [ ! -d "$pgbench" ] && command -v apt-get >/dev/null &&
  ! ls /usr/lib/postgresql/*/bin/pgbench >/dev/null 2>&1; then
  echo "Fetching pgbench (from the package postgresql-15, not installed), which the tests run"
  work=$(mktemp -d)
  if (cd "$work" && apt-get download -qq postgresql-15 && dpkg -x ./*.deb tree) >/dev/null 2>&1; then
    mkdir -p "$pgbench"
    cp "$work"/tree/usr/lib/postgresql/15/bin/pgbench "$pgbench/"
  else
    echo "It could not be fetched; its test is left out" >&2
  fi
  rm -rf "$work"
fi

# The SQL parser comes as a Rust crate, so cargo must be able to fetch it.
[ -d "$HOME/.cargo/bin" ] && PATH=$HOME/.cargo/bin:$PATH
rust_needed=1.74
if ! version=$(cargo --version 2>/dev/null); then
  echo "Rust's cargo is missing. Install it from https://rustup.rs (Debian's own is too old): the SQL" >&2
  echo "parser (libpg_query) comes as a crate." >&2
  exit 1
fi
version=$(echo "$version" | cut -d' ' -f2)
if [ "$(printf '%s\n%s\n' "$rust_needed" "$version" | sort -V | head -1)" != "$rust_needed" ]; then
  echo "cargo $version is too old; $rust_needed or newer is needed (rustup update stable)" >&2
  exit 1
fi
