#!/usr/bin/env bash
# To be sourced in the deploy directory: loads the images of the tools and gives
# the function d, which runs a command in the tools container.

# An image of that name is taken as it is, however old.
if ! sudo docker images --format '{{.Repository}}' | grep -qx quay.io/wire/zauth; then
  sudo docker load -i containers-adminhost/quay.io_wire_zauth_*.tar
fi
if ! sudo docker images --format '{{.Repository}}' | grep -qx quay.io/wire/wire-server-deploy; then
  sudo docker load -i containers-adminhost/container-wire-server-deploy.tgz
fi
ZAUTH_CONTAINER=$(sudo docker images --format '{{.Repository}}:{{.Tag}}' | grep '^quay.io/wire/zauth:' | head -1)
WSD_CONTAINER=$(sudo docker images --format '{{.Repository}}:{{.Tag}}' | grep '^quay.io/wire/wire-server-deploy:' | head -1)
export ZAUTH_CONTAINER WSD_CONTAINER

d() {
  local terminal=()
  if [ -t 0 ] && [ -t 1 ]; then terminal=(-it); fi
  sudo docker run "${terminal[@]}" --network=host \
    -v "${SSH_AUTH_SOCK:-nonexistent}:/ssh-agent" -e SSH_AUTH_SOCK=/ssh-agent \
    -v "$HOME/.ssh:/root/.ssh" -v "$PWD:/wire-server-deploy" "$WSD_CONTAINER" "$@"
}
