package artifact

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The programs that the scripts call, as far as they call them; anything else
// fails. They write what they are asked to the file calls.
const (
	fakeHelm = `#!/bin/sh
echo "helm $*" >>calls
`
	fakeKubectl = `#!/bin/sh
case "$*" in
  "get nodes --no-headers") printf 'kubenode1 Ready\nkubenode2 Ready\nkubenode3 Ready\n' ;;
  "get node kubenode3 -o jsonpath"*) printf 192.0.2.13 ;;
  "get secret wire-postgresql-external-secret -o jsonpath"*) printf from-the-cluster | base64 ;;
  "get namespace cert-manager-ns" | "get certificate" | "annotate node kubenode3 wire.com/external-ip=203.0.113.10 --overwrite") ;;
  *) echo "kubectl $*: not expected" >&2; exit 1 ;;
esac
`
	fakeDocker = `#!/bin/sh
case "$*" in
  "images --format {{.Repository}}") cat images ;;
  "images --format {{.Repository}}:{{.Tag}}") sed 's/$/:5/' images ;;
  "load -i containers-adminhost/quay.io_wire_zauth_5.tar") echo quay.io/wire/zauth >>images ;;
  "load -i containers-adminhost/container-wire-server-deploy.tgz") echo quay.io/wire/wire-server-deploy >>images ;;
  "run quay.io/wire/zauth:5 -m gen-keypair") printf 'public: PUBLIC==\nsecret: SECRET==\n' ;;
  run*) ;;
  *) echo "docker $*: not expected" >&2; exit 1 ;;
esac
echo "docker $*" >>calls
`
	fakeSudo = "#!/bin/sh\nexec \"$@\"\n"
)

// deployDir is a copy of the artifact's files, with the given programs first on
// PATH.
type deployDir struct {
	t    *testing.T
	path string
	env  []string
}

func newDeployDir(t *testing.T, programs map[string]string) deployDir {
	t.Helper()
	d := deployDir{t: t, path: t.TempDir()}
	if err := os.CopyFS(d.path, os.DirFS("files")); err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	for name, text := range programs {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	d.env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "BASE_DIR="+d.path, "HOME=/root", "SSH_AUTH_SOCK=")
	return d
}

// bash runs a command line in the directory and returns what it printed.
func (d deployDir) bash(line string, env ...string) (string, error) {
	cmd := exec.CommandContext(d.t.Context(), "bash", "-c", line)
	cmd.Dir = d.path
	cmd.Env = append(slices.Clone(d.env), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (d deployDir) mustBash(line string, env ...string) {
	d.t.Helper()
	if out, err := d.bash(line, env...); err != nil {
		d.t.Fatalf("%s: %v\n%s", line, err, out)
	}
}

func (d deployDir) read(path string) string {
	d.t.Helper()
	text, err := os.ReadFile(filepath.Join(d.path, path))
	if err != nil {
		d.t.Fatal(err)
	}
	return string(text)
}

func (d deployDir) add(path, text string) {
	d.t.Helper()
	if err := os.WriteFile(filepath.Join(d.path, path), []byte(text), 0o644); err != nil {
		d.t.Fatal(err)
	}
}

// releases are the names in the recorded helm calls.
func (d deployDir) releases() []string {
	var names []string
	for line := range strings.Lines(d.read("calls")) {
		words := strings.Fields(line)
		names = append(names, words[5])
	}
	return names
}
