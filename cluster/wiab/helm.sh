#!/bin/sh
# Made by wiabctl. Stands before the real helm on PATH and hands every call on to it. To `helm upgrade RELEASE CHART` it
# appends the release's overlays, so that they come last and win, whatever values the caller has made anew.
set -eu
self=$(cd -P "$(dirname "$0")" && pwd)
overlays=$self/../overlays

# The real helm is the next one on PATH.
IFS=:
real=
for dir in $PATH; do
  if [ -x "$dir/helm" ] && [ "$(cd -P "$dir" && pwd)" != "$self" ]; then real=$dir/helm && break; fi
done
unset IFS
if [ -z "$real" ]; then echo "wiab/bin/helm: there is no real helm on PATH" >&2 && exit 127; fi

# The release is the first word after `upgrade` that is neither a flag nor a flag's value.
command='' release='' skip=''
for word; do
  if [ -n "$skip" ]; then skip='' && continue; fi
  case $word in
    -f | -n | -o | -l | --values | --namespace | --output | --labels | --set | --set-file | --set-json | --set-literal | --set-string | \
      --timeout | --version | --description | --history-max | --post-renderer | --post-renderer-args | --repo | --username | --password | \
      --ca-file | --cert-file | --key-file | --keyring | --kube-context | --kubeconfig | --kube-apiserver | --kube-as-user | --kube-as-group | \
      --kube-ca-file | --kube-tls-server-name | --kube-token | --burst-limit | --qps | --registry-config | --repository-cache | --repository-config)
      skip=yes ;;
    -*) ;;
    *) if [ -z "$command" ]; then command=$word; elif [ -z "$release" ]; then release=$word; fi ;;
  esac
done
if [ "$command" = upgrade ] && [ -n "$release" ]; then
  for overlay in "$overlays/$release"/*.yaml; do
    if [ -f "$overlay" ]; then set -- "$@" --values "$overlay"; fi
  done
fi
exec "$real" "$@"
