#!/usr/bin/env bash
# sync-k8s-secret-to-wire-secrets.sh SECRET KEY FILE PATH...
# Writes one key of a Kubernetes secret to the given places of a YAML file.
# Whatever goes wrong with the values is a warning only.
set -euo pipefail
[ $# -ge 4 ] || { echo "usage: $0 SECRET KEY FILE PATH..." >&2; exit 1; }
secret=$1 key=$2 file=$3
shift 3

value=$(kubectl get secret "$secret" -o "jsonpath={.data.$key}" 2>/dev/null | base64 -d) || value=
if [ -z "$value" ]; then
  echo "WARNING: secret $secret has no $key, $file stays as it is" >&2
  exit 0
fi
cp "$file" "$file.bak"
for place in "$@"; do
  VALUE=$value yq -i "$place = strenv(VALUE)" "$file"
  [ "$(yq -r "$place" "$file")" = "$value" ] || echo "WARNING: $place of $file is not what $secret says" >&2
done
