# The commands of this repository. `make` alone lists them; docs/hacking.md says more.
# Each does its own set-up, builds what it needs in build/<preset>, and then does its work.

PREFIX ?= /usr/local
KWQ_DATA ?= ./data
# How many test programs run side by side.
JOBS ?= $(shell nproc)
# What to pass on to ctest, say CTEST_ARGS='-R unit_'.
CTEST_ARGS ?=
CTEST = ctest --no-tests=error --timeout 600 --parallel $(JOBS)

# How many seconds `make fuzz` gives each target.
SECONDS ?= 60

# Which of the deliberate bugs `make mutants` tries; none: all.
MUTANTS ?=

.PHONY: help run test asan tsan fuzz mutants bench profile install package format lint clean
.DEFAULT_GOAL := help

help:
	@echo 'make run       build the server and run it here, on data in $${KWQ_DATA} (./data); Ctrl-C stops it'
	@echo 'make test      build everything and run every test'
	@echo 'make asan      the tests with address and undefined-behaviour sanitizers'
	@echo 'make tsan      the tests with the thread sanitizer'
	@echo 'make fuzz      fuzz every reader of foreign bytes, SECONDS=60 each'
	@echo 'make mutants   build KWQ with one deliberate bug after the other; each must be noticed'
	@echo 'make bench     measure the server on this machine'
	@echo 'make profile   count anew what the server does most, for the compiler'
	@echo 'make install   install to $${DESTDIR}$${PREFIX} (/usr/local)'
	@echo 'make package   a Debian package in build/release'
	@echo 'make format    format every source file'
	@echo 'make lint      clang-tidy over every source (make test: over the core alone)'
	@echo 'make clean     remove build/'

run:
	@scripts/setup run
	@scripts/build release kwq
	@exec build/release/src/app/kwq serve --data '$(KWQ_DATA)'

test:
	@scripts/setup run test
	@scripts/build ci
	@$(CTEST) --preset ci $(CTEST_ARGS)

# Style is judged once, by `make test`.
asan tsan:
	@scripts/setup run test sanitize
	@scripts/build $@
	@$(CTEST) --preset $@ -E '^tidy_' $(CTEST_ARGS)

fuzz:
	@scripts/setup run test sanitize
	@tests/fuzz/run $(SECONDS)

mutants:
	@scripts/setup run test
	@tests/mutants/run.py $(MUTANTS)

bench:
	@scripts/setup run test
	@scripts/build release kwq
	@tests/bench/run build/release/src/app/kwq

profile:
	@scripts/setup run test profile
	@scripts/profile

install:
	@scripts/setup run
	@scripts/build release
	@cmake --install build/release --prefix '$(PREFIX)'

package:
	@scripts/setup run package
	@scripts/build release
	@cmake --build --preset release --target package

format:
	@scripts/setup test
	@git ls-files -z 'src/*.hpp' 'src/*.cpp' 'tests/*.hpp' 'tests/*.cpp' | xargs -0 clang-format-14 -i

lint:
	@scripts/setup run test
	@cmake --preset ci >/dev/null
	@tests/tidy/clang_tidy.py build/ci all

clean:
	@rm -rf build
