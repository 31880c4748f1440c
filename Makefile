# troupe: an actor-model crawler cluster for a business's own social-media accounts.
# Two commands do everything on a fresh Debian 12 machine: `make demo` and `make test`.

GO      ?= go
PROGRAM := bin/troupe
# Without C the program is one static file, needs no compiler but Go's, and builds a minute sooner. (The race detector needs it.)
export CGO_ENABLED ?= 0
SUDO    := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
PACKAGES := chromium chromium-headless-shell chromium-l10n chromium-sandbox curl fonts-noto-cjk iproute2 microsocks tinyproxy-bin xvfb
CONSOLE := actors/gateway/console
CONSOLE_PAGE := $(CONSOLE)/dist/app/index.html
CONSOLE_SOURCES := $(shell find $(CONSOLE)/web -path $(CONSOLE)/web/node_modules -prune -o -type f -print)
# The console needs Node.js 20.19 or newer; without it the program builds with a page that says so.
CONSOLE_NODE := $(shell node -e 'const [a,b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || a === 20 && b >= 19 ? 0 : 1)' 2>/dev/null && command -v npm)

.PHONY: help demo build console test test-stories test-packages test-cluster test-root test-full full-packages full-stories bench lint proto setup clean

help: ## what can be made here
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

demo: setup build ## a node, a made-up social site and two accounts: watch comments arrive
	$(PROGRAM) demo

build: $(if $(CONSOLE_NODE),console) ## bin/troupe
	$(GO) build -o $(PROGRAM) ./cmd/troupe

test: setup npm console ## every promise once, with a real Chromium (about 14 minutes with a cold cache)
	@$(MAKE) --no-print-directory -j2 test-stories test-packages
	@$(MAKE) --no-print-directory test-cluster
	@[ "$$(id -u)" = 0 ] || { echo "not run, because only root can (make test-root):"; grep -rhoE 'Test[A-Za-z]+AsRoot' --include='*_test.go' . | sort -u; }

# The stories start whole nodes and mostly wait for them, so the packages run beside them.
test-stories:
	@echo "the stories of testkit/suite run meanwhile, and report at their end"
	$(GO) test -timeout 14m -skip '^TestCluster' ./testkit/suite

# A cluster's stories wait for leases and are about seconds, so nothing else runs beside them.
test-cluster: ## several nodes: placed, moved, killed, cut off, stopped (about 3 minutes)
	$(GO) test -timeout 14m -run '^TestCluster' ./testkit/suite

test-packages:
	$(GO) test -timeout 14m $$($(GO) list ./... | grep -v '/testkit/suite$$')

test-root: setup ## the tests that only root can run; the others leave them out
	$(GO) test -exec "$(SUDO)" -timeout 10m -run 'AsRoot$$' ./...

test-full: SHELL := /bin/bash
test-full: setup npm console ## the same with all repetitions, and the packages under the race detector, into docs/test-report.md (up to 90 minutes)
	@command -v gcc >/dev/null || { echo "the race detector needs a C compiler; installing gcc"; $(SUDO) apt-get update -qq && DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq --no-install-recommends gcc libc6-dev >/dev/null; }
	@$(GO) run ./testkit/report docs/test-report.md <($(MAKE) -s --no-print-directory full-packages 2>&1) <($(MAKE) -s --no-print-directory full-stories 2>&1)

# Definitions: no Go code of their own to find races in, but sites that answer in seconds.
PLATFORMS = ./platforms/douyin ./platforms/xiaohongshu

full-packages:
	CGO_ENABLED=1 TROUPE_FULL=1 nice $(GO) test -json -race -timeout 80m $$($(GO) list ./... | grep -vxF "$$($(GO) list ./testkit/suite $(PLATFORMS))")

# They start browsers and measure seconds, so the packages give way to them.
full-stories:
	TROUPE_FULL=1 $(GO) test -json -timeout 80m -skip '^TestCluster' ./testkit/suite; \
	TROUPE_FULL=1 $(GO) test -json -timeout 80m -run '^TestCluster' ./testkit/suite; \
	TROUPE_FULL=1 $(GO) test -json -timeout 80m $(PLATFORMS)

bench: setup npm ## the figures of docs/performance.md, measured here (about 8 minutes)
	$(GO) test -run '^$$' -bench Figures -benchtime 1x -timeout 15m ./testkit/figures
	$(GO) test -exec "$(SUDO)" -run '^$$' -bench Specification -benchtime 1x -timeout 10m ./testkit/figures
	$(GO) test -run '^$$' -bench Cluster -benchtime 1x -timeout 5m ./actors/master

lint: $(if $(CONSOLE_NODE),console) ## formatting, vet, staticcheck, the console's types and the rules of the house
	@out=$$($(GO) tool gofumpt -l $$(git ls-files '*.go' | grep -v '\.pb\.go$$')); [ -z "$$out" ] || { echo "not formatted (go tool gofumpt -w):"; echo "$$out"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) test ./testkit/arch
	$(if $(CONSOLE_NODE),cd $(CONSOLE)/web && npm run --silent check)

proto: ## regenerate messages/*.pb.go with the tools pinned in go.mod
	cd messages && $(GO) run ./genproto

console: $(CONSOLE_PAGE) ## the web app, embedded into the program at the next build (needs Node.js 20.19)

$(CONSOLE_PAGE): $(CONSOLE_SOURCES) $(CONSOLE)/web/node_modules/.package-lock.json
	@cd $(CONSOLE)/web && npm run --silent build -- --logLevel warn

$(CONSOLE)/web/node_modules/.package-lock.json: $(CONSOLE)/web/package-lock.json
	@cd $(CONSOLE)/web && { echo "installing the console's npm packages"; npm ci --no-audit --no-fund --loglevel=error; }

# Chromium, its languages, Chinese fonts, curl (for the examples in docs/api.md) and two small proxies (for the gate's tests) come from Debian's
# packages, when they are missing. None of them starts a service: tinyproxy-bin is the program without its service.
setup:
	@missing=""; for p in $(PACKAGES); do dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
		if [ -n "$(SUDO)" ] && ! sudo -n true 2>/dev/null && ! [ -t 0 ]; then \
			echo "missing packages; run:  sudo apt-get update && sudo apt-get install -y$$missing"; exit 1; fi; \
		echo "installing$$missing"; \
		$(SUDO) apt-get update -qq && DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq --no-install-recommends $$missing >/dev/null; fi

# The Socket.IO clients that the tests drive come from npm.
npm:
	@cd testkit/imclient && { [ -d node_modules/socket.io-client-4.7.5 ] || { echo "installing npm packages"; npm ci --no-audit --no-fund --loglevel=error; }; }

clean: ## remove what was built
	rm -rf bin testkit/imclient/node_modules $(CONSOLE)/dist/app $(CONSOLE)/web/node_modules
