# What one does with psyne, each by one word. `make` alone says what there is. Everything is built below build/.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test bench lint format sanitize sanitize-asan sanitize-tsan valgrind fuzz clean

help:
	@echo 'make TARGET     what it does                                                      on 2 slow cores, first time'
	@echo
	@echo '  demo          builds psyne and shows it at work on real images                             about 3 minutes'
	@echo '  test          builds and runs every test                                                   about 9 minutes'
	@echo '  bench         measures psyne beside its peers, into a table                               about 14 minutes'
	@echo '  lint          format, clang-tidy, layers, file lengths, headers that stand alone           about 3 minutes'
	@echo '  format        formats every source in place                                                        seconds'
	@echo '  sanitize      tests under address, undefined-behaviour and thread sanitizers              about 13 minutes'
	@echo '  valgrind      chosen tests under Valgrind, after `make test`                                  about a minute'
	@echo '  fuzz          fuzzers, SECONDS=10 each                                                     about 2 minutes'
	@echo '  clean         removes build/                                                                       seconds'
	@echo
	@echo 'demo, test, bench, lint, sanitize and fuzz install the Debian or Ubuntu packages that are missing, as root or by sudo.'

demo:
	@scripts/setup
	@scripts/build release demo
	@scripts/demo build/release

test:
	@scripts/setup
	@scripts/build release tests
	@ctest --preset release

bench:
	@scripts/setup bench
	@scripts/build release benches
	@for suite in ring ipc tcp pool; do ./bench/compare $$suite; done

lint:
	@scripts/setup lint
	@scripts/lint $(CHECKS)

format:
	@scripts/setup lint
	@scripts/lint --fix-format

sanitize: sanitize-asan sanitize-tsan

sanitize-asan sanitize-tsan: sanitize-%:
	@scripts/setup lint
	@scripts/build $* tests
	@scripts/without-randomization ctest --preset $*

valgrind:
	@scripts/valgrind build/release

SECONDS_EACH := $(or $(SECONDS),10)
fuzz:
	@scripts/setup lint
	@scripts/fuzz $(SECONDS_EACH)

clean:
	rm -rf build
