package assets

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// driven is a script that takes all from its environment, as upstream writes it.
const driven = `
#!/usr/bin/env bash
set -Eeo pipefail
BASE_DIR="${BASE_DIR:-/wire-server-deploy}"
TARGET_SYSTEM="${TARGET_SYSTEM:-example.com}"
CERT_MASTER_EMAIL="${CERT_MASTER_EMAIL:-certmaster@example.com}"
DEPLOY_CERT_MANAGER="${DEPLOY_CERT_MANAGER:-TRUE}"
DEPLOY_CALLING_SERVICES="${DEPLOY_CALLING_SERVICES:-TRUE}"
HOST_IP="${HOST_IP:-}"
if [ -z "$HOST_IP" ]; then
  HOST_IP=$(wget -qO- https://address.example.org)
fi
sed "s/example.com/$TARGET_SYSTEM/g" values.yaml
`

// hardCoded is one from before April 2026.
const hardCoded = `
BASE_DIR="/wire-server-deploy"
TARGET_SYSTEM="example.dev"
CERT_MASTER_EMAIL="certmaster@${TARGET_SYSTEM}"
HOST_IP=""
if [ -z "$HOST_IP" ]; then
HOST_IP=$(wget -qO- https://address.example.org)
fi
sed "s/example.com/$TARGET_SYSTEM/g" values.yaml
`

func TestIgnored(t *testing.T) {
	x := []string{"X"}
	tests := map[string]struct {
		script string
		of     []string
		want   []string
	}{
		"driven":                           {driven, environment, nil},
		"hard-coded":                       {hardCoded, environment, environment},
		"without a switch for calling":     {strings.ReplaceAll(driven, "DEPLOY_CALLING_SERVICES", "OTHER"), environment, []string{"DEPLOY_CALLING_SERVICES"}},
		"used without a default":           {`echo "$X"`, x, nil},
		"unquoted default":                 {`X=${X:-y}`, x, nil},
		"assigning default":                {`: "${X:=y}"; echo "$X"`, x, nil},
		"exported default":                 {`export X="${X:-y}"`, x, nil},
		"exported as it is":                {`export X; echo $X`, x, nil},
		"kept when set":                    {`[ -n "$X" ] || X=y; echo $X`, x, nil},
		"trimmed":                          {`X=$(echo "$X" | tr A-Z a-z)`, x, nil},
		"through another name":             {`y=${X:-z}; X=$y`, x, nil},
		"longer":                           {`X+=y; echo $X`, x, nil},
		"for one command":                  {`X=y yq; X=$X yq; echo $X`, x, nil},
		"in a subshell":                    {`(X=y; echo $X); echo $(X=z); echo $X`, x, nil},
		"set in a function below":          {`f() { X=y; }; X=${X:-z}; f`, x, nil},
		"used in a function":               {"f() { echo $X; }\nf", x, nil},
		"local of a function":              {"f() { local X=y; }\ng() { echo $X; }", x, nil},
		"not mentioned":                    {`echo`, x, x},
		"in a comment":                     {"# X=${X:-y}\necho", x, x},
		"in single quotes":                 {`echo '${X:-y}'`, x, x},
		"in a quoted here document":        {"cat <<'E'\n$X\nE", x, x},
		"in a here document":               {"cat <<E\n$X\nE", x, nil},
		"another name that begins so":      {`echo $XY ${XY}`, x, x},
		"set, then used":                   {`X=y; echo $X`, x, x},
		"set to another's value":           {`X=$Y; echo $X`, x, x},
		"exported":                         {`export X=y; echo $X`, x, x},
		"a default, then set":              {"X=${X:-y}\nX=z", x, x},
		"either way":                       {`if a; then X=y; else X=z; fi; echo $X`, x, x},
		"an array":                         {`X=(a b); echo $X`, x, x},
		"several, in the order asked for":  {`A=1; C=2; echo $B`, []string{"C", "B", "A"}, []string{"C", "A"}},
		"a default, later set as a choice": {"X=${X:-y}\nif a; then X=z; fi", x, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := ignored([]byte(test.script), test.of)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) == 0 {
				got = nil
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestIgnoredRefusesWhatIsNoScript(t *testing.T) {
	if got, err := ignored([]byte("if then (("), environment); err == nil {
		t.Errorf("got %v", got)
	}
}

func FuzzIgnored(f *testing.F) {
	f.Add([]byte(driven))
	f.Add([]byte(hardCoded))
	f.Add([]byte("f() { local X=(a $(X=b)); }; export X; X[1]+=${X:=$((X))}"))
	f.Fuzz(func(t *testing.T, script []byte) {
		if got, err := ignored(script, environment); err == nil && len(got) > len(environment) {
			t.Errorf("got %v", got)
		}
		// What is set first of all is set, whatever follows.
		got, err := ignored(append([]byte("HOST_IP=fixed\n"), script...), environment)
		if err == nil && !slices.Contains(got, "HOST_IP") {
			t.Errorf("HOST_IP is not among %v", got)
		}
	})
}
