#!/usr/bin/env bash
# All that can be said about the sources without running them: layout, includes, documents, clang's
# warnings with its check of thread-safety annotations, clang-tidy, headers that compile alone.
# Usage: lint.sh [NAME ...]     NAME: clang looks only at files whose path contains one of them
set -uo pipefail
cd "$(dirname "$0")/.."
names=$*
status=0
step() {
  local label=$1 started=$SECONDS
  shift
  if "$@"; then
    printf '%-24s ok, %d s\n' "$label" $((SECONDS - started))
  else
    printf '%-24s FAILED\n' "$label"
    status=1
  fi
}

sources() { git ls-files -- '*.cc' '*.h' '*.hpp' '*.c' | grep -v '^third_party/'; }

format() { sources | xargs clang-format-19 --dry-run -Werror; }

# clang is only asked for its commands; nothing is built with it.
clang() {
  mkdir -p build
  cmake --preset clang >build/clang.log 2>&1 || {
    cat build/clang.log
    return 1
  }
  # shellcheck disable=SC2086
  nice scripts/lint_clang.py build/clang $names
}

step 'clang-format' format
step 'includes' scripts/check_includes.py
step 'names in documents' scripts/check_docs.py
step 'primitives from env' scripts/check_primitives.sh
step 'clang, clang-tidy' clang
exit $status
