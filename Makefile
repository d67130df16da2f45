# Two commands do all the set-up: `make demo` and `make test`.
BUILD_FLAGS = --explicit-target-dependency-import-check error
BINARY = .build/debug/reconciler
PREFIX ?= /usr/local

.PHONY: setup build release demo test unit lint format sanitize faults faults-short fuzz fuzz-short schedules truth truth-short api api-short bench soak fresh package package-test install clean

setup:
	@scripts/setup.sh

build: setup
	@swift build $(BUILD_FLAGS)

release: setup
	@RECONCILER_BUILD_COMMIT=$$(git describe --always --abbrev=12 --dirty --exclude "*" 2>/dev/null) RECONCILER_BUILD_DATE=$$(git log -1 --format=%cs 2>/dev/null) \
	  swift build -c release --static-swift-stdlib --product reconciler $(BUILD_FLAGS)

demo: build
	@scripts/demo.sh $(BINARY)

test: build lint unit faults-short fuzz-short truth-short api-short
	@scripts/demo.sh $(BINARY) >/dev/null && echo "demo: every step did what it should"

# With all tests at once the doubles in their process answer late; with sixteen as many are done in the same time.
unit: build
	@scripts/test-tools.sh
	@SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=16 swift test $(BUILD_FLAGS)

lint: setup
	@scripts/lint.sh

format:
	@swift format --in-place --recursive Sources Tests Package.swift

# Everything around the real binary is broken, call by call; a table says what was left.
faults: build
	@swift build $(BUILD_FLAGS) --product FaultSuite
	@.build/debug/FaultSuite

faults-short: build
	@swift build $(BUILD_FLAGS) --product FaultSuite
	@.build/debug/FaultSuite --short

# Whether what the daemon says is true, each second, while things go away: SECONDS_OF=3600 SEED=2 make truth for an hour.
truth: release
	@scripts/truth.py .build/release/reconciler $${SECONDS_OF:-600} $${SEED:-1}

# Random schedules of faults: SEED=7 SCHEDULES=1 make schedules for the seventh alone.
schedules: build
	@SEED=$${SEED:-1} SCHEDULES=$${SCHEDULES:-1000} swift test $(BUILD_FLAGS) --filter FaultScheduleTests

truth-short: build
	@scripts/truth.py $(BINARY) 60 7

# All that the OpenAPI document describes, asked by schemathesis; then the event stream while the daemon is killed.
api-short: build
	@scripts/test-tools.sh
	@scripts/openapi.py $(BINARY) .build/test-tools/openapi/bin/schemathesis 20
	@scripts/resume.py $(BINARY) 10
	@scripts/killed_writes.py $(BINARY) 60

# The same for longer, with a browser where Chromium is installed, and what a thousand streams cost.
api: release
	@scripts/test-tools.sh
	@scripts/openapi.py .build/release/reconciler .build/test-tools/openapi/bin/schemathesis 200
	@scripts/resume.py .build/release/reconciler 100
	@scripts/killed_writes.py .build/release/reconciler 200
	@scripts/streams.py .build/release/reconciler 1000
	@scripts/cardinality.py .build/release/reconciler 10000
	@if command -v wrk && test -x /usr/sbin/nginx; then scripts/load.py .build/release/reconciler 1000; fi

# The two commands of the README in a minimal Debian root, as root.
fresh:
	@scripts/fresh.sh

# Each target for five minutes; SECONDS_EACH=60 make fuzz for another time.
fuzz: setup
	@scripts/fuzz.sh $${SECONDS_EACH:-300}

fuzz-short: setup
	@scripts/fuzz.sh 20

sanitize: setup
	@scripts/sanitize.sh thread
	@scripts/sanitize.sh address

bench: release
	@scripts/bench.py .build/release/reconciler
	@EXPORTER=1 scripts/test-tools.sh
	@scripts/sweep.py .build/release/reconciler

# What the daemon costs that has nothing to do: MINUTES=60 SPEED=60 make soak for an hour at sixty times the rate.
soak: release
	@scripts/soak.py .build/release/reconciler $${MINUTES:-10} $${SPEED:-1}

# A Debian package, a tarball, checksums and a bill of materials in dist/; a package that Debian's checker finds fault with
# is none.
package: release
	@scripts/package.sh .build/release/reconciler
	@if command -v lintian >/dev/null; then lintian --allow-root --fail-on error,warning dist/*.deb && echo "package: lintian finds nothing"; \
	  else echo "package: lintian is not installed, and was not asked" >&2; fi

# Installed, upgraded and removed in a minimal Debian root, as root.
package-test: package
	@scripts/package-test.sh

install: release
	@install -d $(PREFIX)/bin
	@install -m 755 .build/release/reconciler $(PREFIX)/bin/reconciler
	@echo "installed $(PREFIX)/bin/reconciler"

clean:
	@rm -rf .build .demo dist
