# One command each. `make` alone lists them.
# The caches lie in the user's home; some machines run jobs without naming it.
ifeq ($(HOME),)
export HOME := $(shell getent passwd "$$(id -u)" | cut -d: -f6)
endif
PATH := $(PATH):$(HOME)/.cargo/bin
export PATH
# Checkouts share compiled objects.
export CCACHE_NOHASHDIR ?= 1
export CCACHE_BASEDIR ?= $(CURDIR)
# The database that `make run` opens.
DATA ?= $(or $(XDG_DATA_HOME),$(HOME)/.local/share)/oxibase/first
# Name filter of `make test` and its siblings.
T ?=
JOBS ?= $(shell nproc)

help:
	@echo 'make build       the program, at build/release/oxibase'
	@echo 'make run         a SQL shell on the database in $$DATA (now $(DATA)); without a terminal, the tour'
	@echo 'make test        all tests (T=name: those whose name contains it)'
	@echo 'make test-asan   unit and SQL tests under AddressSanitizer and UBSan (T=name)'
	@echo 'make test-tsan   unit and SQL tests under ThreadSanitizer (T=name)'
	@echo 'make simulation   the storage layer from SEEDS=1..100000, in a simulated world (docs/simulation.md)'
	@echo 'make lint        formatting, clang-tidy, thread-safety annotations, includes, documents (T=name: those files)'
	@echo 'make fmt         formats the sources'
	@echo 'make rewrite F=file.test   replaces what a SQL test expects by what comes'
	@echo 'make bench       comparisons with other databases'
	@echo 'make clean       removes build/'

deps-%:
	@scripts/install_deps.sh $(subst +, ,$*)

build/%/build.ninja:
	@cmake --preset $* >build-$*.log 2>&1 && rm build-$*.log || (cat build-$*.log; rm build-$*.log; false)

build: deps-build
	@$(MAKE) -s build/release/build.ninja
	@cmake --build build/release -j $(JOBS) --target oxibase

run: build
	@if [ -t 0 ] && [ -t 1 ]; then \
	  mkdir -p "$$(dirname "$(DATA)")"; echo 'Database folder: $(DATA)'; exec build/release/oxibase shell "$(DATA)"; \
	else exec build/release/oxibase tour; fi

test: deps-build+test
	@cmake --preset release >/dev/null
	@cmake --build build/release -j $(JOBS)
	@scripts/run_tests.sh build/release "$(T)"

# UNITS="txn storage": only these modules' unit tests (and the SQL tests) are built and run.
UNITS ?=
test-asan test-tsan: test-%: deps-build+test
	@cmake --preset $* >/dev/null
	@cmake --build build/$* -j $(JOBS) $(if $(UNITS),--target $(UNITS:%=%_test) sqllogictest oxibase)
	@OXI_UNITS="$(UNITS)" scripts/run_tests.sh build/$* "$(T)"

SEEDS ?= 1..100000
simulation: build/release/build.ninja
	@cmake --build build/release -j $(JOBS) --target simulation
	@build/release/simulation --jobs $(JOBS) --report --seeds $(SEEDS)

rewrite:
	@build/release/sqllogictest --rewrite $(F)

lint: deps-build+test+lint
	@scripts/lint.sh $(T)

fmt: deps-lint
	@git ls-files -- '*.cc' '*.h' '*.hpp' '*.c' | grep -v '^third_party/' | xargs -r clang-format-19 -i

bench: deps-build
	@bench/run.sh

clean:
	@rm -rf build

.PHONY: help build run test test-asan test-tsan simulation rewrite lint fmt bench clean
