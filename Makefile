# What to do with wiabctl; `make help` lists it.
SHELL     := /bin/bash
CACHE     := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/wiabctl-lab
LINT      := $(CACHE)/golangci-lint-v2.15.0
NFPM      := $(CACHE)/nfpm-v2.45.0
CYCLONEDX := $(CACHE)/cyclonedx-gomod-v1.10.0
LABCTL    := bin/labctl
# Where `make install` puts what is built, and `make package` what it makes.
PREFIX    := /usr/local
DESTDIR   :=
DIST      := dist
# What building and starting the lab, and the tests, need of this machine.
PACKAGES  := ca-certificates curl debian-archive-keyring dnsmasq-base dpkg-dev e2fsprogs extlinux fdisk genisoimage git haproxy iproute2 iptables libvirt-daemon mmdebstrap \
             nftables qemu-system-x86 qemu-utils rpm systemd-container util-linux
export CGO_ENABLED := 0
.DEFAULT_GOAL := help

help: ## explain the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: lab ## start the lab, run `wiabctl up` in it, print the addresses that answer
	$(LABCTL) host -- wiabctl up --yes

lab: deps $(LABCTL) ## build what is not cached and start the lab: a KVM host in a box
	$(LABCTL) up

lab-shell: $(LABCTL) ## a root shell on the lab's KVM host, where wiabctl is on PATH
	$(LABCTL) shell

lab-curl: $(LABCTL) ## curl from the lab's internet: make lab-curl URL=https://...
	@$(LABCTL) curl -sS $(URL)

lab-down: $(LABCTL) ## remove the lab and everything it made
	$(LABCTL) down

test: deps lint unit e2e ## everything that CI runs

# The packages that take longest begin first.
unit: $(if $(filter 0,$(shell id -u)),deps) ## the tests of the packages; as root none is left out
	go test -timeout 20m ./vm ./cluster ./network $$(go list ./... | grep -v /e2e)

e2e: deps $(LABCTL) ## the scenarios in the lab; some of them with make e2e RUN='TestUp$|TestDown'
ifdef RUN
	go test ./e2e -count=1 -timeout=80m -parallel=16 -v -run '$(value RUN)'
else
	cd e2e/kube && go test -trimpath -vet=off ./pki ./cert-manager ./registry ./controlplane
	WIABCTL_KUBEBOX=$$($(LABCTL) kubebox) go test ./provision -count=1 -run 'Rendered|Mistakes|Fixtures'
	WIABCTL_KUBEBOX=$$($(LABCTL) kubebox) go test ./e2e/... -count=1 -timeout=80m -parallel=16
endif

bench: PACKAGES += openssh-client openssh-server pigz
bench: deps $(LABCTL) ## the benchmarks, as ratios within one run; those of the assets need 10 GiB in /dev/shm
	TMPDIR=/dev/shm go test ./assets -count=1 -run '^$$' -bench . -benchtime 1x
	go test ./network ./cluster ./ingress -p 1 -count=1 -run '^$$' -bench . -benchtime 1x
	WIABCTL_KUBEBOX=$$($(LABCTL) kubebox) go test ./provision -count=1 -run '^$$' -bench . -benchtime 1x
	go test ./e2e -count=1 -timeout=80m -run '^$$' -bench . -benchtime 1x

soak: deps ## what takes long: all scenarios, on the image with the real cloud-init
	WIABCTL_SOAK=1 WIABCTL_LAB_IMAGE=cloud go test ./e2e -count=1 -timeout=300m -parallel=16 -v

lint: $(LINT) ## the linter, which also holds the rule of imports
	$(LINT) run

build: ## the binary for a real host, bin/wiabctl, and its man pages; the same sources make the same bytes
	go build -trimpath -buildvcs=auto -ldflags '-s -w' -o bin/wiabctl ./cmd/wiabctl
	rm -rf bin/man
	SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null)} go run -trimpath ./cmd/mangen bin/man # dated as the sources

install: INTO = $(DESTDIR)$(PREFIX)
install: bin/wiabctl bin/man ## the binary, completions, man pages and docs: PREFIX=/usr/local, DESTDIR=
	install -D -m 755 bin/wiabctl $(INTO)/bin/wiabctl
	install -d $(INTO)/share/bash-completion/completions $(INTO)/share/zsh/site-functions $(INTO)/share/fish/vendor_completions.d
	bin/wiabctl completion bash >$(INTO)/share/bash-completion/completions/wiabctl
	bin/wiabctl completion zsh >$(INTO)/share/zsh/site-functions/_wiabctl
	bin/wiabctl completion fish >$(INTO)/share/fish/vendor_completions.d/wiabctl.fish
	install -D -m 644 -t $(INTO)/share/man/man1 bin/man/*.1
	gzip --force --no-name --best $(INTO)/share/man/man1/wiabctl*.1
	install -D -m 644 -t $(INTO)/share/doc/wiabctl LICENSE README.md CHANGELOG.md
	cd docs && find . -name '*.md' -exec install -D -m 644 {} $(abspath $(INTO))/share/doc/wiabctl/docs/{} \;
	install -D -m 644 packaging/wiabctl.yaml $(INTO)/share/doc/wiabctl/examples/wiabctl.yaml

bin/wiabctl bin/man &: # only where one is missing: who installs as root has built them before
	$(MAKE) build

package: $(NFPM) $(CYCLONEDX) ## a .deb, an .rpm, the list of what is in them (SBOM) and SHA256SUMS, in dist/
	packaging/package.sh $(DIST) $(NFPM) $(CYCLONEDX)

clean: $(LABCTL) ## empty the cache of what takes long to build
	$(LABCTL) clean

deps: # what this machine lacks, from its own distribution
	@dpkg-query -W -f '$${db:Status-Status}\n' $(PACKAGES) 2>/dev/null | grep -cx installed | grep -qx $(words $(PACKAGES)) || { apt-get -q update && \
	  DEBIAN_FRONTEND=noninteractive apt-get -q install --yes --no-install-recommends $(PACKAGES); }

$(LABCTL): FORCE
	@go build -o $@ ./e2e/lab/labctl

$(LINT):
	GOBIN=$(CACHE)/lint go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
	mv $(CACHE)/lint/golangci-lint $@

$(NFPM):
	GOBIN=$(CACHE)/nfpm go install github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.0
	mv $(CACHE)/nfpm/nfpm $@

$(CYCLONEDX):
	GOBIN=$(CACHE)/cyclonedx go install github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
	mv $(CACHE)/cyclonedx/cyclonedx-gomod $@

FORCE:
.PHONY: help up lab lab-shell lab-curl lab-down test unit e2e bench soak lint build install package clean deps FORCE
