#!/bin/bash
# make package: packages of what `make install` installs, at the time and with the version of the commit.
set -euo pipefail
dist=$1 nfpm=$2 cyclonedx=$3
umask 022

SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
TREE=$(mktemp -d)
trap 'rm -r "$TREE"' EXIT
make --no-print-directory build
make --no-print-directory install PREFIX=/usr DESTDIR="$TREE"

# Go took the version from git: a tag, or the last one, the time and the commit.
VERSION=$(go version -m bin/wiabctl | awk '$1 == "mod" {print $3}')
if [ "$VERSION" = "(devel)" ]; then
	echo "package: nothing tells the version: packages are made in a git clone" >&2
	exit 1
fi
ARCH=$(go env GOARCH)
export TREE VERSION ARCH

mkdir -p "$dist"
rm -f -- "$dist"/wiabctl* "$dist"/SHA256SUMS
for format in deb rpm; do
	"$nfpm" package --config packaging/nfpm.yaml --packager "$format" --target "$dist"
done
"$cyclonedx" bin -json -std -noserial -notimestamp -output "$dist/wiabctl.cdx.json" bin/wiabctl
cd "$dist"
sha256sum -- wiabctl* >SHA256SUMS
cat SHA256SUMS
