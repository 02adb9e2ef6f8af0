#!/usr/bin/env bash
# clone.sh DIR: a repository of the sources as they lie here, in one commit, for the tests: a checkout
# may have come without its history, or belong to somebody else.
set -euo pipefail
git init --quiet --initial-branch=main "$1"
git --git-dir="$1/.git" --work-tree="$(dirname "$0")/.." add --all
git -C "$1" -c user.name=wiabctl -c user.email=wiabctl@localhost commit --quiet --message 'as it is'
git -C "$1" reset --quiet --hard
