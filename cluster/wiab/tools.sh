#!/usr/bin/env bash
# Made by wiabctl. Runs a command the way `source bin/offline-env.sh; d COMMAND` does: in the artifact's tools
# container, with this directory's bin first on PATH, and leaving no stopped container behind. The container of a job has
# the job's name, so docker refuses a second one; a person's gets what the person types, and ends with the session.
# With --here the command runs on this machine instead, in the same environment.
# The images are those of this directory's archives, by the ids that docker gave them: whatever else bears their names.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."
here=
if [ "$1" = --here ]; then here=yes && shift; fi

# wiab/images notes what the archives hold, a line for each name that an image has: ROLE ID loaded|found [NAME]
# found: docker had the image before, so it is somebody else's. NAME: this load gave it the name.
images=wiab/images

fail() { echo "wiab/tools: $*" >&2 && exit 1; }

# noted ROLE prints the id of an image that is noted and that docker still has.
noted() {
  local id
  id=$(awk -v role="$1" '$1 == role { print $2; exit }' "$images" 2>/dev/null) || return
  [ -n "$id" ] && sudo docker image inspect --format '{{.Id}}' "$id" 2>/dev/null
}

# put FILE takes a file's content from stdin and puts it in place whole.
put() { cat >"$1.part" && sync "$1.part" && mv "$1.part" "$1"; }

# load ROLE ARCHIVE loads an archive's only image and notes it. What docker had before is kept in a file until then,
# so that a load that was killed is not taken for somebody else's.
load() {
  local role=$1 archive=$2 had=$images.had listed said names name id='' this owner lines=''
  [ -f "$archive" ] || fail "there is no $archive"
  if [ ! -e "$had" ]; then
    listed=$(sudo docker images --all --no-trunc --format '{{.ID}} {{.Repository}}:{{.Tag}}') || fail "docker does not list its images"
    put "$had" <<<"$listed" || fail "$had cannot be written"
  fi
  echo "loading $archive" >&2
  said=$(sudo docker load --quiet --input "$archive") || fail "docker does not load $archive"
  names=$(sed -nE 's/^Loaded image( ID)?: //p' <<<"$said")
  [ -n "$names" ] || fail "$archive holds no image; docker says: $said"
  while IFS= read -r name; do
    this=$(sudo docker image inspect --format '{{.Id}}' "$name") || fail "docker loaded $name and does not know it"
    if [ -n "$id" ] && [ "$id" != "$this" ]; then fail "$archive holds more than one image:" $names; fi
    id=$this
    if [ "$name" = "$id" ]; then name=; fi
    owner=$(awk -v name="$name" '$2 == name { print $1; exit }' "$had")
    # A name that belonged to another image goes back to it.
    if [ -n "$owner" ] && [ "$owner" != "$id" ]; then sudo docker tag "$owner" "$name" || fail "docker does not give $name back to $owner"; fi
    if [ -n "$owner" ]; then name=; fi
    lines+="$role $id $(if grep -q "^$id " "$had"; then echo found; else echo loaded; fi) $name"$'\n'
  done <<<"$names"
  { grep -v "^$role " "$images" 2>/dev/null || true; printf %s "$lines"; } | put "$images" || fail "$images cannot be written"
  rm "$had"
}

# image ROLE ARCHIVE makes sure that docker has the archive's image, and prints its id. Jobs do it one after the other.
image() {
  exec 9<wiab
  flock 9
  noted "$1" || { load "$@" && noted "$1"; } || fail "docker lost the image of $2"
}

WSD_CONTAINER=$(image tools containers-adminhost/container-wire-server-deploy.tgz)
export WSD_CONTAINER
if [ -n "$here" ]; then
  zauth=(containers-adminhost/quay.io_wire_zauth_*.tar)
  if [ ${#zauth[@]} -gt 1 ]; then fail "there is more than one image of zauth: ${zauth[*]}"; fi
  ZAUTH_CONTAINER=$(image zauth "${zauth[0]}")
  export ZAUTH_CONTAINER
  exec "$@"
fi
container=${WIABCTL_JOB:-wiabctl-$$}
options=(--rm --init --name "$container" --network=host --volume "$PWD:/wire-server-deploy" --workdir /wire-server-deploy
  --env WIABCTL_JOB="${WIABCTL_JOB:-}" --env WIABCTL_HELM_TIMEOUT="${WIABCTL_HELM_TIMEOUT:-}")
command=(sh -c 'PATH=/wire-server-deploy/wiab/bin:$PATH; export PATH; exec "$@"' wiab "$@")
if [ -n "${WIABCTL_JOB:-}" ]; then exec sudo docker run "${options[@]}" "$WSD_CONTAINER" "${command[@]}"; fi
if [ -t 0 ] && [ -t 1 ]; then exec sudo docker run --interactive --tty "${options[@]}" "$WSD_CONTAINER" "${command[@]}"; fi
# Without a terminal nothing but this would tell the container that its session has ended; it may just be starting.
end() {
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    if sudo docker kill "$container" >/dev/null 2>&1; then break; fi
    sleep 0.2
  done
  exit 143
}
trap end TERM HUP
sudo docker run --interactive "${options[@]}" "$WSD_CONTAINER" "${command[@]}" <&0 &
wait $!
