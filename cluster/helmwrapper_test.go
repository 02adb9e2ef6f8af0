package cluster

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// pendingHelm is a helm whose releases are in files: a release is pending for as long as
// records/NAME is there, which holds "STATUS CREATED". It refuses such a one as helm does.
const pendingHelm = `
dir=$(dirname "$0")/..
echo "$@" >>"$dir/calls"
if [ -e "$dir/records/smtp" ]; then echo "Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress" >&2; exit 1; fi
code=$(cat "$dir/code" 2>/dev/null || echo 0)
if [ "$code" != 0 ]; then echo "Error: UPGRADE FAILED: context deadline exceeded" >&2; fi
exit "$code"`

// recordsKubectl is a kubectl that lists and deletes those records, and knows nothing else.
const recordsKubectl = `
dir=$(dirname "$0")/..
echo "$@" >>"$dir/asked"
if [ -e "$dir/down" ]; then echo "Unable to connect to the server" >&2; exit 1; fi
case "$*" in
"--request-timeout=10s --namespace default get secrets --selector owner=helm,createdAt,name=smtp,status in (pending-install,pending-upgrade,pending-rollback) --output jsonpath="*)
  if [ -e "$dir/records/smtp" ]; then echo "sh.helm.release.v1.smtp.v7 $(cat "$dir/records/smtp")"; fi ;;
"--request-timeout=10s --namespace default delete secret sh.helm.release.v1.smtp.v7") rm "$dir/records/smtp" ;;
*) echo "kubectl $*: not expected" >&2; exit 64 ;;
esac`

// wrapped is a deploy directory with the wrapper, in which a job calls helm.
type wrapped struct {
	t   *testing.T
	dir string
}

func newWrapped(t *testing.T) wrapped {
	t.Helper()
	w := wrapped{t, t.TempDir()}
	writeProgram(t, filepath.Join(w.dir, helmFile), strings.TrimPrefix(string(helmScript), "#!/bin/sh\n"))
	writeProgram(t, w.path("real/helm"), pendingHelm)
	writeProgram(t, w.path("real/kubectl"), recordsKubectl)
	return w
}

func (w wrapped) path(name string) string { return filepath.Join(w.dir, name) }

func (w wrapped) write(name, content string) {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(w.path(name)), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(w.path(name), []byte(content), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func (w wrapped) read(name string) string {
	content, err := os.ReadFile(w.path(name))
	if err != nil {
		return ""
	}
	return string(content)
}

// helm calls the wrapper and returns what it says and its exit code.
func (w wrapped) helm(environment ...string) (string, int) {
	cmd := w.command(environment...)
	out, _ := cmd.CombinedOutput()
	return string(out), cmd.ProcessState.ExitCode()
}

func (w wrapped) command(environment ...string) *exec.Cmd {
	cmd := exec.CommandContext(w.t.Context(), w.path(helmFile), "upgrade", "--install", "--timeout=15m0s", "smtp", "./charts/smtp")
	cmd.Env = append(environment, "PATH="+w.path("wiab/bin")+":"+w.path("real")+":/usr/bin:/bin")
	return cmd
}

const inJob = "WIABCTL_JOB=wiabctl-job-helm"

var endsWith = regexp.MustCompile(`(?m)^wiabctl: chart smtp ended with (\d+) after \d+\.\d\d s$`)

func TestHelmWrapperInJob(t *testing.T) {
	ago := func(d time.Duration) string { return strconv.FormatInt(time.Now().Add(-d).Unix(), 10) }
	tests := []struct {
		name   string
		record string // of a helm before; empty: the release is not pending
		note   string // of our attempts before
		set    map[string]string
		code   int
		calls  int // of the real helm
		says   []string
		noted  bool // the note stays
	}{
		{name: "it is deployed", calls: 1},
		{name: "the note of an attempt that failed goes when one succeeds", note: ago(time.Hour) + "\n", calls: 1},
		{name: "it fails", set: map[string]string{"code": "1"}, code: 1, calls: 1, says: []string{"context deadline exceeded"}, noted: true},
		{name: "helm is killed", set: map[string]string{"code": "137"}, code: 137, calls: 1, noted: true},
		{name: "our helm was killed", record: "pending-upgrade " + ago(50*time.Second), note: ago(55*time.Second) + "\n", calls: 2,
			says: []string{"another operation", "smtp was left pending-upgrade by a helm that is dead", "sh.helm.release.v1.smtp.v7 is taken away"}},
		{name: "our first install was killed", record: "pending-install " + ago(50*time.Second), note: ago(55*time.Second) + "\n", calls: 2, says: []string{"was left pending-install"}},
		{name: "ours was killed two attempts ago", record: "pending-rollback " + ago(100*time.Second), note: ago(101*time.Second) + "\n" + ago(9*time.Second) + "\n", calls: 2},
		{name: "somebody's helm died long ago", record: "pending-upgrade " + ago(31*time.Minute), calls: 2, says: []string{"is taken away"}},
		{name: "somebody's helm began after ours", record: "pending-upgrade " + ago(-time.Minute), code: 1, calls: 1, noted: true},
		{name: "the API does not answer", record: "pending-upgrade " + ago(time.Hour), set: map[string]string{"down": ""}, code: 1, calls: 1,
			says: []string{"Unable to connect"}, noted: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWrapped(t)
			if test.record != "" {
				w.write("records/smtp", test.record)
			}
			if test.note != "" {
				w.write("wiab/pending/smtp", test.note)
			}
			for name, content := range test.set {
				w.write(name, content)
			}
			out, code := w.helm(inJob)
			if code != test.code || strings.Count(w.read("calls"), "\n") != test.calls {
				t.Errorf("exit code %d after the calls\n%s\nwant %d after %d", code, w.read("calls"), test.code, test.calls)
			}
			end := endsWith.FindStringSubmatch(out)
			if !strings.HasPrefix(out, "wiabctl: chart smtp begins\n") || end == nil || end[1] != fmt.Sprint(test.code) {
				t.Errorf("it does not tell beginning and end:\n%s", out)
			}
			for _, says := range test.says {
				if !strings.Contains(out, says) {
					t.Errorf("%q is not said in\n%s", says, out)
				}
			}
			if noted := w.read("wiab/pending/smtp") != ""; noted != test.noted {
				t.Errorf("that the note stays is %v, want %v", noted, test.noted)
			}
			if test.code == 0 && strings.Contains(w.read("asked"), "get") != (test.calls == 2) {
				t.Errorf("kubectl was asked %q", w.read("asked"))
			}
		})
	}
}

// TestHelmWrapperWaits has somebody else's helm at work: its record is left alone until it
// goes by itself.
func TestHelmWrapperWaits(t *testing.T) {
	w := newWrapped(t)
	// Our own note is of an attempt that ended long before that helm began.
	now := time.Now()
	w.write("records/smtp", "pending-upgrade "+strconv.FormatInt(now.Add(-20*time.Minute).Unix(), 10))
	w.write("wiab/pending/smtp", strconv.FormatInt(now.Add(-time.Hour).Unix(), 10)+"\n")
	cmd := w.command(inJob)
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for lines := bufio.NewScanner(said); lines.Scan(); {
		fmt.Fprintln(&out, lines.Text())
		if strings.Contains(lines.Text(), "; waiting for its end") {
			_ = os.Remove(w.path("records/smtp"))
		}
	}
	if err := cmd.Wait(); err != nil || !strings.Contains(out.String(), "smtp is pending-upgrade since ") || strings.Contains(w.read("asked"), "delete") {
		t.Errorf("%v, kubectl was asked\n%s\n%s", err, w.read("asked"), out.String())
	}
}

// TestHelmWrapperByHand leaves a person's call as it is.
func TestHelmWrapperByHand(t *testing.T) {
	w := newWrapped(t)
	w.write("records/smtp", "pending-upgrade 1")
	out, code := w.helm("WIABCTL_HELM_TIMEOUT=1s")
	if code != 1 || strings.Contains(out, "wiabctl:") || w.read("asked") != "" || strings.Contains(w.read("calls"), "--timeout 1s") {
		t.Errorf("exit code %d, kubectl was asked %q, helm was called %q:\n%s", code, w.read("asked"), w.read("calls"), out)
	}
}

func TestHelmWrapperTimeout(t *testing.T) {
	w := newWrapped(t)
	w.helm(inJob, "WIABCTL_HELM_TIMEOUT=1m30s")
	if want := "upgrade --install --timeout=15m0s smtp ./charts/smtp --timeout 1m30s\n"; w.read("calls") != want {
		t.Errorf("helm was called %q, want %q", w.read("calls"), want)
	}
}
