# Five words: build test lint bench release.
.PHONY: build test lint bench release

TOOL = go tool -modfile=tools/go.mod

build: ## the binary, ./larder
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o larder ./cmd/larder

test: ## what CI runs of the tests
	go test -race ./...

lint: ## formatting, vet, linters, known vulnerabilities
	@test -z "$$($(TOOL) gofumpt -l cmd internal)" || { $(TOOL) gofumpt -d cmd internal; exit 1; }
	go vet ./...
	$(TOOL) golangci-lint run ./...
	$(TOOL) govulncheck ./...

bench: ## every benchmark, with ratios to the hand-written floors
	go test -run '^$$' -bench . -benchmem ./...

release: ## static binaries for the common platforms, in dist/
	@mkdir -p dist
	@for target in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64; do \
	  os=$${target%/*}; arch=$${target#*/}; ext=; [ $$os = windows ] && ext=.exe; \
	  echo "dist/larder-$$os-$$arch$$ext"; \
	  CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch go build -trimpath -ldflags "-s -w" -o dist/larder-$$os-$$arch$$ext ./cmd/larder || exit 1; \
	done
	@cd dist && sha256sum larder-* > checksums.txt
