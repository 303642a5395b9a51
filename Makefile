# Bobbin. "make help" lists what there is.

PREFIX            ?= /usr/local
SYSCONFDIR        ?= /etc
DESTDIR           ?=
SWIFT             ?= swift
SWIFT_BUILD_FLAGS ?= --static-swift-stdlib -Xswiftc -use-ld=lld -Xlinker -z -Xlinker pack-relative-relocs
TESTFLAGS         ?=
BENCHFLAGS        ?=
MINUTES           ?= 5
SEED              ?=
SOAKFLAGS         ?=

RELEASE   = .build/release
# Manual pages and completions.
GENERATED = .build/generated
SOURCES   = $(wildcard Sources Tests Package.swift)

.PHONY: help build demo run test check lint format model kill-matrix soak fuzz sanitize bench install uninstall deb clean
.DEFAULT_GOAL := help

help:
	@echo "make demo       see it work: real files through three sample jobs, every outcome checked"
	@echo "make run        serve this folder's jobs/ and spool/ in the foreground (Ctrl-C stops it)"
	@echo "make test       all tests            TESTFLAGS='--filter Spool'"
	@echo "make check      format and lint, the model of the protocol, then all tests"
	@echo "make kill-matrix  the program dies at every point, and again at every point of recovery; all of it"
	@echo "make soak       random drops, kills and stops; then the account    MINUTES=30 SEED=1"
	@echo "make fuzz       hostile bytes for everything that reads them, guided by coverage    MINUTES=10"
	@echo "make sanitize   the tests under the address and the thread sanitizer"
	@echo "make format     put the Swift sources into the common format"
	@echo "make bench      measure against a C floor, inotifywait, incron and xargs    BENCHFLAGS='--only burst'"
	@echo "make build      the release programs, in $(RELEASE), their manual pages and completions"
	@echo "make install    into PREFIX=$(PREFIX) (and DESTDIR), with unit, manual pages, completions and docs"
	@echo "make uninstall  remove exactly what install put there"
	@echo "make deb        a Debian package of the release build, in .build"
	@echo "make clean      remove everything that was built"

build:
	@Scripts/setup build
	$(SWIFT) build -c release $(SWIFT_BUILD_FLAGS)
	Scripts/generate $(RELEASE)/bobbin $(GENERATED)

demo:
	@Scripts/setup build samples
	$(SWIFT) build -c release $(SWIFT_BUILD_FLAGS)
	@BOBBIN=$(RELEASE)/bobbin Scripts/demo

run:
	@Scripts/setup build samples
	$(SWIFT) build -c release $(SWIFT_BUILD_FLAGS)
	exec $(RELEASE)/bobbin run --root .

test:
	@Scripts/setup build samples test
	$(SWIFT) build
	$(SWIFT) build --build-tests
# In three programs: the rooms that adopt and end processes would otherwise meet the children of the other tests.
# Eight at a time: hundreds at once on two cores would wait for one another.
	SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=8 \
	    $(SWIFT) test --skip-build $(TESTFLAGS) --skip 'ExecutionTests|EngineTests|EndToEndTests'
	$(SWIFT) test --skip-build $(TESTFLAGS) --filter 'ExecutionTests|EngineTests'
	SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=8 \
	    $(SWIFT) test --skip-build $(TESTFLAGS) --filter 'EndToEndTests'

check: lint model test

# The protocol's model, and its mutants.
model:
	@Scripts/setup model
	Models/check

# Drops, kills and stops at random, then draws up the account.
soak:
	@Scripts/setup build test
	$(SWIFT) build
	python3 Tests/Soak/soak.py --minutes $(MINUTES) $(if $(SEED),--seed $(SEED)) $(SOAKFLAGS)

# libFuzzer, MINUTES for all targets together. What it finds lies in .build-fuzz; new inputs stay in .build-fuzz/corpus.
fuzz:
	@Scripts/setup build
	BOBBIN_FUZZ_BUILD=1 $(SWIFT) build --product fuzz --sanitize fuzzer --scratch-path .build-fuzz -Xswiftc -O
	Scripts/fuzz $(MINUTES)

# The tests under the address and the thread sanitizer.
sanitize:
	@Scripts/setup build samples test
	Scripts/sanitize address
	Scripts/sanitize thread

kill-matrix:
	@Scripts/setup build samples test
	$(SWIFT) build
	$(SWIFT) build --build-tests
	BOBBIN_KILL_MATRIX=all $(SWIFT) test --skip-build --filter KillMatrixTests


lint:
	$(SWIFT) format lint --strict --recursive $(SOURCES)

format:
	$(SWIFT) format --in-place --recursive $(SOURCES)

bench:
	@Scripts/setup build bench
	$(SWIFT) build -c release $(SWIFT_BUILD_FLAGS)
	BOBBIN=$(RELEASE)/bobbin python3 Benchmarks/run.py $(BENCHFLAGS)

# "make build && sudo make install": root then builds nothing. The two programs stay together, bobbin looks for its
# watcher beside itself.
install uninstall: export BINARIES = $(RELEASE)
install uninstall deb: export GENERATED := $(GENERATED)
install uninstall: export PREFIX := $(PREFIX)
install uninstall: export SYSCONFDIR := $(SYSCONFDIR)
install uninstall: export DESTDIR := $(DESTDIR)

install:
	@Scripts/install

uninstall:
	@Scripts/install --remove

deb: build
	@Scripts/setup deb
	BINARIES=$(RELEASE) Scripts/deb .build

clean:
	rm -rf .build .build-fuzz .build-address .build-thread
