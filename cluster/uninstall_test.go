package cluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A cluster of files: a Secret is a file NAMESPACE,NAME with its label in it; so is a release, without.
const (
	fileKubectl = `
echo "kubectl $*" >>calls
case "$1 $2" in
"get secret") [ ! -e "secrets/$4,$5" ] || echo "secret/$5" ;;
"label secret") printf '%s' "$7" >"secrets/$5,$6" ;;
"get secrets") grep -l -- "$5" secrets/* | sed 's|secrets/||; s|,|/|' ;;
"delete secret") rm "secrets/$4,$5" ;;
*) exit 64 ;;
esac`
	fileHelm = `
echo "helm $*" >>calls
case $1 in
list) [ ! -e "releases/$4" ] || [ "$6" != "^extra-red\$" ] || echo extra-red ;;
uninstall) rm "releases/$4" ;;
*) exit 64 ;;
esac`
)

func TestUninstallScript(t *testing.T) {
	const label = "kubectl label secret --overwrite --namespace default red-tls wiabctl/release=extra-red"
	const uninstall = "helm uninstall --wait --namespace default extra-red"
	const deletion = "kubectl delete secret --namespace default red-tls --ignore-not-found"
	tests := map[string]struct {
		release bool
		secrets map[string]string // with the label that they have
		calls   []string          // that change something
		left    []string
	}{
		"release and Secret":        {true, map[string]string{"default,red-tls": "", "default,blue-tls": ""}, []string{label, uninstall, deletion}, []string{"default,blue-tls"}},
		"no Secret":                 {true, map[string]string{"default,blue-tls": ""}, []string{uninstall}, []string{"default,blue-tls"}},
		"interrupted before":        {true, map[string]string{"default,red-tls": "wiabctl/release=extra-red"}, []string{label, uninstall, deletion}, nil},
		"interrupted in between":    {false, map[string]string{"default,red-tls": "wiabctl/release=extra-red"}, []string{label, deletion}, nil},
		"another release's is left": {true, map[string]string{"default,x": "wiabctl/release=extra-blue"}, []string{uninstall}, []string{"default,x"}},
		"labelled elsewhere":        {false, map[string]string{"issuers,x": "wiabctl/release=extra-red"}, []string{"kubectl delete secret --namespace issuers x --ignore-not-found"}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			writeProgram(t, filepath.Join(dir, "bin/kubectl"), fileKubectl)
			writeProgram(t, filepath.Join(dir, "bin/helm"), fileHelm)
			files := map[string]string{"secrets/none,none": "", "releases/other": ""}
			if test.release {
				files["releases/default"] = ""
			}
			for secret, label := range test.secrets {
				files["secrets/"+secret] = label
			}
			for file, content := range files {
				if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, file)), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command("sh", "-c", string(uninstallScript), "uninstall", "extra-red", "default", "default/red-tls", "issuers/red-account")
			cmd.Dir = dir
			cmd.Env = []string{"PATH=" + filepath.Join(dir, "bin") + ":/usr/bin:/bin"}
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			calls, err := os.ReadFile(filepath.Join(dir, "calls"))
			if err != nil {
				t.Fatal(err)
			}
			var acts []string
			for line := range strings.Lines(string(calls)) {
				if !strings.HasPrefix(line, "kubectl get ") && !strings.HasPrefix(line, "helm list ") {
					acts = append(acts, strings.TrimSpace(line))
				}
			}
			if diff := cmp.Diff(test.calls, acts); diff != "" {
				t.Error(diff)
			}
			var left []string
			entries, _ := os.ReadDir(filepath.Join(dir, "secrets"))
			for _, e := range entries {
				if e.Name() != "none,none" {
					left = append(left, e.Name())
				}
			}
			if diff := cmp.Diff(test.left, left); diff != "" {
				t.Error(diff)
			}
		})
	}
}
