# Made by wiabctl. Uninstalls the Helm release $1 in the namespace $2 with the Secrets that others have made for it and that
# outlive it: NAMESPACE/NAME from $3 on. They are labelled before and deleted after: whoever still needs them would make them
# again, and what is labelled is found again when this does not come to its end.
set -eu
release=$1 namespace=$2
shift 2
label=wiabctl/release
for secret; do
  if [ -n "$(kubectl get secret --namespace "${secret%%/*}" "${secret#*/}" --ignore-not-found --output name)" ]; then
    kubectl label secret --overwrite --namespace "${secret%%/*}" "${secret#*/}" "$label=$release"
  fi
done
if [ -n "$(helm list --all --namespace "$namespace" --filter "^$release\$" --short)" ]; then
  helm uninstall --wait --namespace "$namespace" "$release"
fi
left=$(kubectl get secrets --all-namespaces --selector "$label=$release" --output 'jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name} {end}')
for secret in $left; do
  kubectl delete secret --namespace "${secret%%/*}" "${secret#*/}" --ignore-not-found
done
