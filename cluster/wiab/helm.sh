#!/bin/sh
# Made by wiabctl. Stands before the real helm on PATH and hands every call on to it. To `helm upgrade RELEASE CHART` it
# appends the release's overlays, so that they come last and win, whatever values the caller has made anew.
# In a job ($WIABCTL_JOB) it says when an upgrade begins and how it ended, gives it $WIABCTL_HELM_TIMEOUT, and frees a
# release that a helm has left pending when it died.
set -eu
self=$(cd -P "$(dirname "$0")" && pwd)
overlays=$self/../overlays
notes=$self/../pending

# The real helm is the next one on PATH.
IFS=:
real=
for dir in $PATH; do
  if [ -x "$dir/helm" ] && [ "$(cd -P "$dir" && pwd)" != "$self" ]; then real=$dir/helm && break; fi
done
unset IFS
if [ -z "$real" ]; then echo "wiab/bin/helm: there is no real helm on PATH" >&2 && exit 127; fi

# The release is the first word after `upgrade` that is neither a flag nor a flag's value.
command='' release='' namespace=default skip=''
for word; do
  if [ "$skip" = namespace ]; then namespace=$word; fi
  if [ -n "$skip" ]; then skip='' && continue; fi
  case $word in
    -n | --namespace) skip=namespace ;;
    -n=* | --namespace=*) namespace=${word#*=} ;;
    -f | -o | -l | --values | --output | --labels | --set | --set-file | --set-json | --set-literal | --set-string | \
      --timeout | --version | --description | --history-max | --post-renderer | --post-renderer-args | --repo | --username | --password | \
      --ca-file | --cert-file | --key-file | --keyring | --kube-context | --kubeconfig | --kube-apiserver | --kube-as-user | --kube-as-group | \
      --kube-ca-file | --kube-tls-server-name | --kube-token | --burst-limit | --qps | --registry-config | --repository-cache | --repository-config)
      skip=yes ;;
    -*) ;;
    *) if [ -z "$command" ]; then command=$word; elif [ -z "$release" ]; then release=$word; fi ;;
  esac
done
if [ "$command" != upgrade ] || [ -z "$release" ]; then exec "$real" "$@"; fi
for overlay in "$overlays/$release"/*.yaml; do
  if [ -f "$overlay" ]; then set -- "$@" --values "$overlay"; fi
done
if [ -z "${WIABCTL_JOB:-}" ]; then exec "$real" "$@"; fi
if [ -n "${WIABCTL_HELM_TIMEOUT:-}" ]; then set -- "$@" --timeout "$WIABCTL_HELM_TIMEOUT"; fi # helm takes the last one

say() { echo "wiabctl: $*" >&2; }

# uptime is the time since the boot, in hundredths of a second.
uptime() { IFS=' .' read -r seconds hundredths _ </proc/uptime && echo "$seconds$hundredths"; }

# records lists the release's pending records, which a living helm holds, or a dead one has left: SECRET STATUS CREATED
records() {
  kubectl --request-timeout=10s --namespace "$namespace" get secrets \
    --selector "owner=helm,createdAt,name=$release,status in (pending-install,pending-upgrade,pending-rollback)" \
    --output 'jsonpath={range .items[*]}{.metadata.name} {.metadata.labels.status} {.metadata.labels.createdAt}{"\n"}{end}'
}

# The longest that somebody else's helm is taken for alive, in seconds: it may wait for hooks and then for pods.
patience=1800

# ours tells whether a record of that time is of an upgrade that we began and that did not succeed. No two jobs deploy one
# release, so its helm is dead.
ours() {
  for noted in $(cat "$note"); do
    if [ "$1" -ge "$noted" ] && [ "$1" -le $((noted + 60)) ]; then return 0; fi
  done
  return 1
}

# free takes away the records that are older than $1, a time, once their helms are dead. It fails where there is none.
free() {
  found=
  for line in $(records | tr ' ' ,); do
    secret=${line%%,*} created=${line##*,} status=${line#*,} && status=${status%,*}
    if [ "$created" -gt "$1" ]; then continue; fi
    found=yes
    while age=$(($(date +%s) - created)) && [ "$age" -lt "$patience" ] && ! ours "$created"; do
      say "release $release is $status since $(date -u -d "@$created" +%FT%TZ), by a helm that no job of wiabctl started; waiting for its end, at most $((patience - age)) s"
      sleep 10
      if ! records | grep -q "^$secret "; then continue 2; fi
    done
    say "release $release was left $status by a helm that is dead: its record $secret is taken away; nothing that runs is touched"
    kubectl --request-timeout=10s --namespace "$namespace" delete secret "$secret" >&2 || return 1
  done
  [ -n "$found" ]
}

# upgrade calls the real helm. The note with the times of all attempts stays until one succeeds.
upgrade() {
  date +%s >>"$note"
  "$real" "$@" || return
  rm -f "$note"
}

mkdir -p "$notes"
note=$notes/$release
say "chart $release begins"
began=$(uptime) now=$(date +%s) code=0
upgrade "$@" || code=$?
# helm refuses a release that is pending before it does anything.
if [ "$code" = 1 ] && free $((now - 1)); then code=0 && upgrade "$@" || code=$?; fi
took=$(($(uptime) - began))
say "chart $release ended with $code after $((took / 100)).$(printf %02d $((took % 100))) s"
exit "$code"
