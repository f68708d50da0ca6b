#!/usr/bin/env bash
# All that can be said about the sources without running them: layout, includes, documents, clang's
# warnings with its check of thread-safety annotations, clang-tidy.
# clang-tidy looks at the files that differ from BASE (default: origin/main or main), with ALL=1 at all.
set -uo pipefail
cd "$(dirname "$0")/.."
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

clang_build() {
  cmake --preset clang >/dev/null && cmake --build build/clang -j "$(nproc)" -- -k 0 >build/clang/log 2>&1 ||
    { grep -E 'error|warning|FAILED' -A3 build/clang/log | head -200; false; }
}

tidy() {
  local base files
  if [ -n "${ALL:-}" ]; then
    files=$(sources | grep '\.cc$')
  else
    base=${BASE:-$(git merge-base HEAD origin/main 2>/dev/null || git merge-base HEAD main 2>/dev/null || echo HEAD~1)}
    [ "$(git rev-parse "$base")" != "$(git rev-parse HEAD)" ] || base=HEAD~1
    files=$(git diff --name-only --diff-filter=d "$base" -- '*.cc')
  fi
  files=$(grep -vE '^third_party/|^examples/' <<<"$files")
  [ -n "$files" ] || return 0
  # Only files that some target compiles can be judged.
  local known
  known=$(grep -oE '"file": "[^"]*"' build/clang/compile_commands.json | cut -d'"' -f4)
  for file in $files; do
    grep -qxF "$PWD/$file" <<<"$known" && echo "$file"
  done | xargs -r -P "$(nproc)" -n 1 clang-tidy-19 -p build/clang --quiet 2>/dev/null
}

step 'clang-format' format
step 'includes' scripts/check_includes.py
step 'names in documents' scripts/check_docs.py
step 'primitives from env' scripts/check_primitives.sh
step 'clang, thread safety' clang_build
step 'clang-tidy' tidy
exit $status
