#!/bin/sh
# Made by wiabctl. Stands before the real kubectl on PATH and hands every call on to it. helm-operations.sh takes the last
# line of `kubectl get nodes --no-headers` for the node that serves calls: the line of $WIABCTL_CALLING_NODE comes last.
set -eu
self=$(cd -P "$(dirname "$0")" && pwd)

# The real kubectl is the next one on PATH.
IFS=:
real=
for dir in $PATH; do
  if [ -x "$dir/kubectl" ] && [ "$(cd -P "$dir" && pwd)" != "$self" ]; then real=$dir/kubectl && break; fi
done
unset IFS
if [ -z "$real" ]; then echo "wiab/bin/kubectl: there is no real kubectl on PATH" >&2 && exit 127; fi

node=${WIABCTL_CALLING_NODE:-}
if [ -z "$node" ] || [ "$*" != "get nodes --no-headers" ]; then exec "$real" "$@"; fi
nodes=$("$real" "$@")
others='' last=''
while IFS= read -r line; do
  if [ "${line%% *}" = "$node" ]; then last=$line; else others="$others$line
"; fi
done <<LIST
$nodes
LIST
if [ -z "$last" ]; then echo "wiab/bin/kubectl: the cluster has no node $node to serve calls" >&2 && exit 1; fi
printf '%s%s\n' "$others" "$last"
