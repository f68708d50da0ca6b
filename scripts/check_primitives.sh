#!/usr/bin/env bash
# Clock, threads, mutexes and randomness come from src/env, so that a whole database can be simulated
# from one seed. Adapters of third-party libraries that must differ are named in `allowed`.
set -uo pipefail
cd "$(dirname "$0")/.."
# common lies below env; caches of a thread's own that change no result may be thread_local.
allowed='^src/env/|^src/common/time_zone.cc|^src/expr/type_io.cc'
pattern='std::(mutex|shared_mutex|recursive_mutex|condition_variable|thread|jthread|random_device|async)\b|chrono::[a-z_]+_clock::now|\bthread_local\b|std::this_thread::sleep'
hits=$(git ls-files 'src/*.cc' 'src/*.h' | grep -vE "$allowed|_test\.cc$|_fuzz\.cc$" |
  xargs -r grep -nE "$pattern" | grep -vE '^[^:]*:[0-9]+: *(//|\*)|// NOLINT\(env\)')
[ -z "$hits" ] || { echo "$hits"; echo 'use src/env for these (or say why: // NOLINT(env): reason)'; exit 1; }
