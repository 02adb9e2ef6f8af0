#!/usr/bin/env bash
# Made by wiabctl. Runs a command the way `source bin/offline-env.sh; d COMMAND` does: in the artifact's tools
# container, with this directory's bin first on PATH, and leaving no stopped container behind.
# With --here the command runs on this machine instead, in the same environment.
cd -P "$(dirname "${BASH_SOURCE[0]}")/.." || exit
here=
if [ "$1" = --here ]; then here=yes && shift; fi
source bin/offline-env.sh >&2 || exit
if [ -n "$here" ]; then exec "$@"; fi
exec sudo docker run --rm --network=host --volume "$PWD:/wire-server-deploy" --workdir /wire-server-deploy \
  "${WSD_CONTAINER:?bin/offline-env.sh names no tools image}" \
  sh -c 'PATH=/wire-server-deploy/wiab/bin:$PATH; export PATH; exec "$@"' wiab "$@"
