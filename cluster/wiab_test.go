package cluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// writeProgram puts an executable shell script in place.
func writeProgram(t *testing.T, file, body string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+body), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestHelmWrapper(t *testing.T) {
	dir := t.TempDir()
	deploy := filepath.Join(dir, "deploy")
	writeProgram(t, filepath.Join(deploy, helmFile), strings.TrimPrefix(string(helmScript), "#!/bin/sh\n"))
	writeProgram(t, filepath.Join(dir, "real/helm"), `for a; do printf '<%s>' "$a"; done`)
	for _, overlay := range []string{"wire-server/50-wiabctl.yaml", "wire-server/90-mine.yaml", "webapp/50-wiabctl.yaml", "wire-server/notes.txt"} {
		file := filepath.Join(deploy, overlaysDir, overlay)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name string
		args []string
		want []string // overlays appended, in order
	}{
		{"as helm-operations.sh calls it", []string{"upgrade", "--install", "--wait", "--timeout=15m0s", "wire-server", "./charts/wire-server", "--values", "v.yaml"},
			[]string{"wire-server/50-wiabctl.yaml", "wire-server/90-mine.yaml"}},
		{"flags with values before the release", []string{"upgrade", "--install", "--timeout", "15m0s", "-n", "default", "webapp", "./charts/webapp"}, []string{"webapp/50-wiabctl.yaml"}},
		{"flags before the command", []string{"--namespace", "default", "upgrade", "webapp", "c"}, []string{"webapp/50-wiabctl.yaml"}},
		{"a value that looks like a release", []string{"upgrade", "--description", "wire-server", "webapp", "c"}, []string{"webapp/50-wiabctl.yaml"}},
		{"a release without overlays", []string{"upgrade", "--install", "smtp", "./charts/smtp"}, nil},
		{"another command", []string{"list", "wire-server"}, nil},
		{"no arguments", nil, nil},
		{"spaces in arguments", []string{"upgrade", "webapp", "a chart"}, []string{"webapp/50-wiabctl.yaml"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			self := filepath.Join(deploy, "wiab/bin")
			cmd := exec.Command(filepath.Join(deploy, helmFile), test.args...)
			cmd.Env = []string{"PATH=" + self + ":" + filepath.Join(dir, "real") + ":" + os.Getenv("PATH")}
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			want := ""
			for _, arg := range test.args {
				want += "<" + arg + ">"
			}
			for _, overlay := range test.want {
				want += "<--values><" + self + "/../overlays/" + overlay + ">"
			}
			if string(out) != want {
				t.Errorf("the real helm got\n%s\nwant\n%s", out, want)
			}
		})
	}
}

func TestKubectlWrapper(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "deploy", kubectlFile)
	writeProgram(t, file, strings.TrimPrefix(string(kubectlScript), "#!/bin/sh\n"))
	writeProgram(t, filepath.Join(dir, "real/kubectl"), `case "$1 $2" in
"get nodes") printf '%s\n' 'kubenode1   Ready   a  b' 'kubenode10  Ready' 'kubenode2   Ready' ;;
"get broken") exit 3 ;;
*) for a; do printf '<%s>' "$a"; done ;;
esac`)
	const one, ten, two = "kubenode1   Ready   a  b\n", "kubenode10  Ready\n", "kubenode2   Ready\n"
	tests := []struct {
		name, node string
		args       []string
		want       string
		code       int
	}{
		{"the calling node comes last", "kubenode1", []string{"get", "nodes", "--no-headers"}, ten + two + one, 0},
		{"it is last already", "kubenode2", []string{"get", "nodes", "--no-headers"}, one + ten + two, 0},
		{"nobody says which it is", "", []string{"get", "nodes", "--no-headers"}, one + ten + two, 0},
		{"the cluster has none of that name", "kubenode", []string{"get", "nodes", "--no-headers"}, "", 1},
		{"another listing", "kubenode1", []string{"get", "nodes", "--no-headers", "-o", "name"}, one + ten + two, 0},
		{"another command", "kubenode1", []string{"annotate", "node", "two words"}, "<annotate><node><two words>", 0},
		{"the real one's failure", "kubenode1", []string{"get", "broken"}, "", 3},
		{"no arguments", "kubenode1", nil, "", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cmd := exec.Command(file, test.args...)
			cmd.Env = []string{"PATH=" + filepath.Dir(file) + ":" + filepath.Join(dir, "real") + ":/usr/bin:/bin", "WIABCTL_CALLING_NODE=" + test.node}
			out, _ := cmd.Output()
			if string(out) != test.want || cmd.ProcessState.ExitCode() != test.code {
				t.Errorf("exit code %d, output\n%s\nwant %d and\n%s", cmd.ProcessState.ExitCode(), out, test.code, test.want)
			}
		})
	}
}

func TestHelmWrapperWithoutHelm(t *testing.T) {
	file := filepath.Join(t.TempDir(), helmFile)
	writeProgram(t, file, strings.TrimPrefix(string(helmScript), "#!/bin/sh\n"))
	cmd := exec.Command(file, "version")
	cmd.Env = []string{"PATH=" + filepath.Dir(file) + ":/usr/bin:/bin"}
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "no real helm") {
		t.Errorf("it must say that helm is missing instead of calling itself: %v, %s", err, out)
	}
}
