# Renders the values of releases as helm would deploy them, in the tools container, and prints a line for each:
#   NAME STATUS OUTPUT ERRORS      the last two in base64
# $1 is the default domain, $2 the directory with the layers, and then come the artifact's releases. Those that wiabctl
# makes are rendered as one: a chart of which each is a part.
set -eu
domain=$1 layers=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# render NAME CHART [OPTION...] calls helm once.
render() {
  name=$1 code=0
  helm template --skip-tests "$@" >"$work/out" 2>"$work/err" || code=$?
  printf '%s %s ' "$name" "$code"
  base64 -w0 "$work/out" && printf ' ' && base64 -w0 "$work/err" && echo
}

for release; do
  # The script's own values: it puts the domain into the artifact's examples (contract section 8.4).
  sed "s/example\.com/$domain/g" "values/$release/prod-values.example.yaml" >"$work/values.yaml"
  set -- --values "$work/values.yaml"
  secrets=values/$release/prod-secrets.example.yaml
  if [ -f "$secrets" ]; then set -- "$@" --values "$secrets"; fi
  render "$release" "charts/$release" "$@" --values "$layers/$release.yaml"
done
if [ -f "$layers/domains/Chart.yaml" ]; then
  mkdir -p "$work/domains/charts"
  cp "$layers/domains/Chart.yaml" "$layers/domains/values.yaml" "$work/domains"
  while read -r chart; do cp -R "charts/$chart" "$work/domains/charts"; done <"$layers/domains/charts"
  render domains "$work/domains"
fi
