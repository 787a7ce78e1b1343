# Watchparty. `make run` and `make test` need only Go and Node; the rest is for
# those who work on it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

GO ?= go
NPM := npm --prefix web
client := $(shell find web/src web/public web/index.html web/package.json web/vite.config.ts -type f 2>/dev/null)

help: ## show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

run: bin/watchparty ## build everything and serve on the embedded default
	@bin/watchparty serve $(ARGS)

build: bin/watchparty bin/wpload ## build the binaries with the client inside

web: web/dist/index.html ## build the client

web/node_modules: web/package.json web/package-lock.json
	@echo "Installing the client's packages (first time only, about a minute)"
	@$(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

web/dist/index.html: web/node_modules $(client)
	@$(NPM) run --silent build
	@touch $@

.PHONY: bin/watchparty bin/wpload
bin/watchparty: web/dist/index.html
	@echo "Building the server (first time about three minutes)"
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o $@ ./cmd/watchparty

bin/wpload:
	@CGO_ENABLED=0 $(GO) build -o $@ ./cmd/wpload

setup: ## install what the tests need (root on Debian), or say what is missing
	@.ci/setup

test: ## all tests, with everything they need set up
	@.ci/test

race: ## the Go tests with the race detector, on both engines
	@.ci/test race

e2e: build ## the browser tests
	@$(NPM) run --silent e2e

lint: ## golangci-lint where it is installed, else gofmt and go vet
	@if command -v golangci-lint >/dev/null; then golangci-lint run; else test -z "$$(gofmt -l cmd configs docs hub internal rest store web/*.go web/sample | tee /dev/stderr)" && $(GO) vet ./...; fi
	@$(NPM) run --silent lint

gen: ## write what follows from the Go tables
	@$(GO) run ./cmd/wpgen

verify: ## fail when generated files are stale
	@$(GO) run ./cmd/wpgen -check

bench: ## Go benchmarks
	@$(GO) test -run '^$$' -bench . -benchmem ./hub/... ./internal/...

bench-sync: build ## two browsers on slow networks: how far apart they are
	@$(NPM) run --silent bench -- sync

bench-live: build ## reactions and drawing in browsers: how soon, how smooth, how many bytes
	@$(NPM) run --silent bench -- reactions draw

load: build ## a party under chat load, checked for order and loss
	@.ci/load

soak: build ## the load for longer, with the server killed and started again
	@.ci/load soak

fuzz: ## every fuzz target for FUZZTIME (30s)
	@for p in $$(grep -rlE '^func Fuzz' --include='*_test.go' --exclude-dir=node_modules . | xargs -n1 dirname | sort -u); do \
		for f in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]+' $$p/*_test.go | sed 's/^func //'); do \
			echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $${FUZZTIME:-30s} -fuzzminimizetime 10x $$p; done; done

release: web/dist/index.html ## binaries for the usual machines, in bin/
	@for t in linux/amd64 linux/arm64 darwin/arm64 windows/amd64; do \
		echo $$t; GOOS=$${t%/*} GOARCH=$${t#*/} CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' \
			-o bin/watchparty-$${t/\//-}$$([ "$${t%/*}" = windows ] && echo .exe) ./cmd/watchparty; done

.PHONY: help run build web setup test race e2e lint gen verify bench bench-sync bench-live load soak fuzz release
