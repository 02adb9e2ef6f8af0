#!/usr/bin/env bash
# Made by wiabctl. Runs a command the way `source bin/offline-env.sh; d COMMAND` does: in the artifact's tools
# container, with this directory's bin first on PATH, and leaving no stopped container behind. The container has the
# name of the job that it works for, so docker refuses a second one.
# With --here the command runs on this machine instead, in the same environment.
cd -P "$(dirname "${BASH_SOURCE[0]}")/.." || exit
here=
if [ "$1" = --here ]; then here=yes && shift; fi

# The images that bin/offline-env.sh is about to load are noted; those that are there already are somebody else's.
for image in quay.io/wire/zauth quay.io/wire/wire-server-deploy; do
  if [ -z "$(sudo docker images --quiet "$image")" ]; then echo "$image" >>wiab/images; fi
done
source bin/offline-env.sh >&2 || exit
if [ -n "$here" ]; then exec "$@"; fi
exec sudo docker run --rm --init --name "${WIABCTL_JOB:-wiabctl-$$}" --network=host --volume "$PWD:/wire-server-deploy" \
  --workdir /wire-server-deploy "${WSD_CONTAINER:?bin/offline-env.sh names no tools image}" \
  sh -c 'PATH=/wire-server-deploy/wiab/bin:$PATH; export PATH; exec "$@"' wiab "$@"
