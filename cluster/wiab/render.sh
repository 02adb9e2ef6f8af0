# Renders the values of releases as helm would deploy them, in the tools container, and prints a line for each:
#   NAME STATUS OUTPUT ERRORS      the last two in base64
# The standard input has a line for each of its files, NAME CONTENT, the latter in base64: the computed layer over each
# release, and the user's over that. $1 is the default domain, $2 a mail address, then come the artifact's releases. After
# the word `domains` come the charts that the releases of wiabctl's own are of: those are rendered as one, a chart of which
# each is a part.
set -eu
domain=$1 email=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/domains/charts"
while read -r name content; do printf %s "$content" | base64 -d >"$work/$name"; done

# render NAME CHART [OPTION...] calls helm once; the layers come last.
render() {
  release=$1 code=0
  helm template --skip-tests "$@" --values "$work/$1.yaml" --values "$work/$1-user.yaml" >"$work/out" 2>"$work/err" || code=$?
  printf '%s %s ' "$release" "$code"
  base64 -w0 "$work/out" && printf ' ' && base64 -w0 "$work/err" && echo
}

while [ $# -gt 0 ] && [ "$1" != domains ]; do
  name=$1 secrets=values/$1/prod-secrets.example.yaml
  shift
  # The script's own values: it puts the domain into the artifact's examples (contract section 8.4). Those of the
  # databases it leaves as a playbook wrote them.
  example=values/$name/prod-values.example.yaml
  case $name in *-external) if [ -f "values/$name/values.yaml" ]; then example=values/$name/values.yaml; fi ;; esac
  sed -e "s/example\.com/$domain/g" -e 's/useCertManager: false/useCertManager: true/' \
    -e "s/certmasterEmail:.*/certmasterEmail: $email/" "$example" >"$work/values.yaml"
  if [ ! -f "$secrets" ]; then secrets=/dev/null; fi
  render "$name" "charts/$name" --values "$work/values.yaml" --values "$secrets"
done
if [ $# -gt 0 ]; then
  shift
  for chart; do cp -R "charts/$chart" "$work/domains/charts"; done
  render domains "$work/domains"
fi
