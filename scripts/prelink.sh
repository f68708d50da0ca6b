#!/usr/bin/env bash
# Links archives into one object, makes every symbol local but those that match a pattern, and puts
# it into a static library. Usage: prelink.sh OUT.a 'PATTERN' ARCHIVE...
set -euo pipefail
out=$1 pattern=$2
shift 2
object=$out.o
trap 'rm -f "$object"' EXIT
# COMDAT groups are dissolved: a group whose symbols were local could be dropped in favour of the
# program's own copy, and our calls would then lead nowhere.
ld.bfd -r --force-group-allocation -o "$object" --whole-archive "$@" --no-whole-archive
objcopy --wildcard --keep-global-symbol="$pattern" "$object"
rm -f "$out"
ar rcs "$out" "$object"
