# Everything CI runs is here; `make check` is exactly what CI runs, offline once
# modules and tools are in the cache.
export CGO_ENABLED := 0
GO       ?= go
VERSION  ?= 0.1.0-dev
LDFLAGS  := -s -w -X main.version=$(VERSION)
# A count, not a time: with a time, Go 1.26 may report its own deadline as a
# failure of the target (go.dev/issue/75804). A target that hangs is stopped.
FUZZTIME ?= 5000x
# FuzzPlan asks OPA for each input, some 20 ms: fewer find what it can find.
SLOWFUZZ ?= 500x
# Packages that use goroutines run under the race detector, which needs cgo; what is about
# sizes alone, and starts none of its own, is left out.
RACE     := ./audit ./audit/collect/... ./audit/capture/... ./audit/channel/state ./audit/fleet ./audit/stored ./policy

# The signer and the tools of CI are modules of their own: ./... in the root is
# the audit without them, and -o after -C is relative to the module.
SIGN     := cmd/gpuaudit-sign
TOOLS    := .ci/tools
MODULES  := . $(SIGN)

.PHONY: build nvml sign test scripts check vet tidy lint race fuzz bench cross data generate e2e clean

build: ## the static binary, bin/gpuaudit
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/gpuaudit ./cmd/gpuaudit

nvml: ## the recorder of NVIDIA's library, bin/gpuaudit-nvml: dynamic, needs glibc
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/gpuaudit-nvml ./cmd/gpuaudit-nvml

sign: ## the signer for tokens, KMS and identities, bin/gpuaudit-sign: dynamic, needs glibc
	$(GO) build -C $(SIGN) -trimpath -ldflags '$(LDFLAGS)' -o ../../bin/gpuaudit-sign .

test: ## all tests, Rego rules included
	@set -e; for m in $(MODULES); do echo "go -C $$m test ./..."; $(GO) -C $$m test ./...; done

scripts: build ## each line of the scripts as a process of the built program, confined as a user's
	GPUAUDIT_PROGRAM=$(CURDIR)/bin/gpuaudit $(GO) test -count=1 -run '^TestScripts$$' ./cmd/gpuaudit

check: vet tidy lint test scripts race fuzz cross ## what CI runs

vet:
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "gofmt: $$unformatted"; exit 1; }
	@set -e; for m in $(MODULES); do echo "go -C $$m vet ./..."; $(GO) -C $$m vet ./...; done

tidy: ## every go.mod names what is used, and marks right what is indirect
	@set -e; for m in $(MODULES) $(TOOLS); do echo "go -C $$m mod tidy -diff"; $(GO) -C $$m mod tidy -diff; done

lint: ## staticcheck, configured in staticcheck.conf, version pinned in .ci/tools/go.mod
	@set -e; for m in $(MODULES); do echo "staticcheck $$m"; (cd $$m && $(GO) tool -modfile="$(CURDIR)/$(TOOLS)/go.mod" staticcheck ./...); done

race:
	CGO_ENABLED=1 $(GO) test -race -skip '^(TestPlanSaysTheSameOfTheRulesTests|TestManyFunctions|TestAsManyCardsAsAnAuditTakes)$$' $(RACE)

fuzz: ## each fuzz target for FUZZTIME, with one build for each package
	@set -e; out=$$(mktemp -d); trap 'rm -rf "$$out"' EXIT; for dir in $$(for m in $(MODULES); do $(GO) -C $$m list -f '{{.Dir}}' ./...; done); do \
	  targets=$$(grep -hos '^func Fuzz[A-Za-z0-9_]*' $$dir/*_test.go | cut -c6-); \
	  test -n "$$targets" || continue; \
	  $(GO) test -C $$dir -c -fuzz=. -o $$out/fuzz.test .; \
	  for target in $$targets; do \
	    echo "fuzz $${dir#$(CURDIR)/} $$target"; \
	    case $$target in FuzzPlan) count=$(SLOWFUZZ);; *) count=$(FUZZTIME);; esac; \
	    (cd $$dir && timeout 600 $$out/fuzz.test -test.run '^$$' -test.fuzz "^$$target$$" -test.fuzztime $$count \
	      -test.fuzzminimizetime 20x -test.parallel 2 -test.fuzzcachedir $$out/corpus); \
	  done; done

bench: ## ratios against a peer or a limit in the same run
	$(GO) test -run '^$$' -bench . -benchmem ./...

cross: ## the binaries for both architectures
	GOOS=linux GOARCH=amd64 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o dist/gpuaudit-linux-amd64 ./cmd/gpuaudit
	GOOS=linux GOARCH=arm64 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o dist/gpuaudit-linux-arm64 ./cmd/gpuaudit
	GOOS=linux GOARCH=amd64 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o dist/gpuaudit-nvml-linux-amd64 ./cmd/gpuaudit-nvml
	GOOS=linux GOARCH=arm64 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o dist/gpuaudit-nvml-linux-arm64 ./cmd/gpuaudit-nvml
	GOOS=linux GOARCH=amd64 $(GO) build -C $(SIGN) -trimpath -ldflags '$(LDFLAGS)' -o ../../dist/gpuaudit-sign-linux-amd64 .
	GOOS=linux GOARCH=arm64 $(GO) build -C $(SIGN) -trimpath -ldflags '$(LDFLAGS)' -o ../../dist/gpuaudit-sign-linux-arm64 .

data: ## the rules' data from rules/sources, checked, and those that a channel carries in dist/data
	$(GO) run ./rules/sources/gen -from rules/sources -out rules/data
	$(GO) test ./rules ./rules/sources/gen -run 'Restriction|EveryMaker|Sources|Newer'
	mkdir -p dist/data && cp rules/data/restrictions.json rules/data/driver_advisories.json rules/data/software_support.json dist/data/

generate: ## embedded data, schemas and reference pages
	$(GO) generate ./...

e2e: build ## boot machines in QEMU and judge their evidence; BOOTS=scenario,... or record
	.ci/e2e $(or $(BOOTS),good,tampered)

clean:
	rm -rf bin dist
