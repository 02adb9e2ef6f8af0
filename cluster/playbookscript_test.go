package cluster

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ansible is a deploy directory with the wrapper, and an ansible-playbook behind it that
// writes down how it was called, and fails with the status that the file fail-<playbook>
// beside it holds. With a file kill there it kills the wrapper.
type ansible struct {
	t        *testing.T
	dir      string
	deploy   string
	artifact string
	disks    string
	only     string
}

const fakeAnsible = `
here=$(dirname "$0")
{ printf called; for a; do printf ' <%s>' "$a"; done; echo; } >>"$here/calls"
echo "PLAY [the real one]"
if [ -f "$here/kill" ]; then kill -KILL "$PPID"; fi
for a; do
  case $a in *.yml) if [ -f "$here/fail-${a##*/}" ]; then exit "$(cat "$here/fail-${a##*/}")"; fi ;; esac
done`

func newAnsible(t *testing.T) *ansible {
	t.Helper()
	a := &ansible{t: t, dir: t.TempDir(), artifact: "5b01", disks: "d1"}
	a.deploy = filepath.Join(a.dir, "a deploy dir")
	writeProgram(t, filepath.Join(a.dir, "real/ansible-playbook"), fakeAnsible)
	a.write(playbookFile, string(playbookScript))
	if err := os.Chmod(filepath.Join(a.deploy, playbookFile), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"minio.yml", "kubernetes.yml", "roles/minio/tasks/main.yml", "inventory/offline/inventory.yml",
		"inventory/offline/group_vars/all/secrets.yaml", "inventory/offline/host_vars/kubenode1.yml", "inventory/offline/staging.yml"} {
		a.write("ansible/"+name, "the first "+name+"\n")
	}
	return a
}

func (a *ansible) write(name, content string) {
	a.t.Helper()
	file := filepath.Join(a.deploy, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(content), 0o644)); err != nil {
		a.t.Fatal(err)
	}
}

// fail makes the playbook end with a status from now on.
func (a *ansible) fail(playbook, status string) {
	a.t.Helper()
	if err := os.WriteFile(filepath.Join(a.dir, "real/fail-"+playbook), []byte(status), 0o644); err != nil {
		a.t.Fatal(err)
	}
}

func (a *ansible) mend(playbook string) { _ = os.Remove(filepath.Join(a.dir, "real/fail-"+playbook)) }

// run runs a program in the deploy directory, in the environment of a new job.
func (a *ansible) run(program string, args ...string) (said string, status int) {
	a.t.Helper()
	a.write("wiab/playbooks/calls", "")
	cmd := exec.CommandContext(a.t.Context(), program, args...)
	cmd.Dir = a.deploy
	cmd.Env = []string{"PATH=" + filepath.Join(a.deploy, "wiab/bin") + ":" + filepath.Join(a.dir, "real") + ":/usr/bin:/bin",
		"WIABCTL_ARTIFACT=" + a.artifact, "WIABCTL_DISKS=" + a.disks, "WIABCTL_ONLY=" + a.only}
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		a.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// play is run of the wrapper.
func (a *ansible) play(args ...string) (string, int) {
	a.t.Helper()
	return a.run(filepath.Join(a.deploy, playbookFile), args...)
}

// played are the calls of the real ansible-playbook since it was last asked.
func (a *ansible) played() []string {
	a.t.Helper()
	file := filepath.Join(a.dir, "real/calls")
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		a.t.Fatal(err)
	}
	_ = os.Remove(file)
	return strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' })
}

const offlineInventory = "ansible/inventory/offline/inventory.yml"

func TestPlaybookReceipt(t *testing.T) {
	a := newAnsible(t)
	args := []string{"-i", offlineInventory, "ansible/minio.yml", "-e", "two words.yml", "-v"}
	a.fail("minio.yml", "2")
	said, status := a.play(args...)
	if status != 2 || said != "wiabctl: playbook 1 minio.yml begins: it has no receipt\nPLAY [the real one]\nwiabctl: playbook 1 minio.yml ended: exit status 2 after 0 s\n" {
		t.Errorf("a playbook that fails: exit status %d\n%s", status, said)
	}
	if got := a.played(); !cmp.Equal(got, []string{"called <-i> <" + offlineInventory + "> <ansible/minio.yml> <-e> <two words.yml> <-v>"}) {
		t.Errorf("the real one was called as %q", got)
	}
	receipt := filepath.Join(a.deploy, "wiab/playbooks/01-minio.yml")
	want := regexp.MustCompile(`^playbook: minio.yml
arguments: [0-9a-f]{64}
inventory: [0-9a-f]{64}
tree: [0-9a-f]{64}
artifact: 5b01
disks: d1
started: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ
seconds: \d+
status: 2
$`)
	if content, err := os.ReadFile(receipt); err != nil || !want.Match(content) {
		t.Errorf("the receipt says\n%s(%v)", content, err)
	}

	a.mend("minio.yml")
	if said, status := a.play(args...); status != 0 || !strings.Contains(said, "minio.yml begins: it failed the last time\n") {
		t.Errorf("after a failure: exit status %d\n%s", status, said)
	}
	a.played()
	before, err := os.Stat(receipt)
	if err != nil {
		t.Fatal(err)
	}
	if said, status := a.play(args...); status != 0 || said != "wiabctl: playbook 1 minio.yml skipped: it succeeded before, with the same inputs\n" || len(a.played()) > 0 {
		t.Errorf("after a success: exit status %d\n%s", status, said)
	}
	if after, err := os.Stat(receipt); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("skipping touched the receipt (%v)", err)
	}

	// A run with other inputs that was killed leaves nothing that stands for the old ones.
	kill := filepath.Join(a.dir, "real/kill")
	if err := os.WriteFile(kill, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	a.disks = "d2"
	a.play(args...)
	a.disks = "d1"
	if err := os.Remove(kill); err != nil {
		t.Fatal(err)
	}
	if said, _ := a.play(args...); !strings.Contains(said, "begins: it has no receipt\n") {
		t.Errorf("after a run that was killed: %s", said)
	}
}

func TestPlaybookInputs(t *testing.T) {
	args := []string{"-i", offlineInventory, "ansible/kubernetes.yml", "--tags", "bootstrap-os,preinstall"}
	tests := []struct {
		name   string
		alter  func(a *ansible)
		args   []string // nil: the same
		reason string   // why it runs again; empty: it does not
	}{
		{"nothing", func(*ansible) {}, nil, ""},
		{"other tags", func(*ansible) {}, []string{"-i", offlineInventory, "ansible/kubernetes.yml", "--tags", "bootstrap-os"}, "its arguments changed"},
		{"arguments cut elsewhere", func(*ansible) {}, []string{"-i", offlineInventory, "ansible/kubernetes.yml", "--tags bootstrap-os,preinstall"}, "its arguments changed"},
		{"the inventory", func(a *ansible) { a.write(offlineInventory, "another\n") }, nil, "its inventory changed"},
		{"a group's variables", func(a *ansible) { a.write("ansible/inventory/offline/group_vars/all/secrets.yaml", "another\n") }, nil, "its inventory changed"},
		{"new variables", func(a *ansible) { a.write("ansible/inventory/offline/group_vars/.hidden/x.yml", "") }, nil, "its inventory changed"},
		{"a host's variables", func(a *ansible) { a.write("ansible/inventory/offline/host_vars/kubenode1.yml", "another\n") }, nil, "its inventory changed"},
		{"a role", func(a *ansible) { a.write("ansible/roles/minio/tasks/main.yml", "another\n") }, nil, "its tree changed"},
		{"a file's name", func(a *ansible) {
			if err := os.Rename(filepath.Join(a.deploy, "ansible/minio.yml"), filepath.Join(a.deploy, "ansible/minio2.yml")); err != nil {
				a.t.Fatal(err)
			}
		}, nil, "its tree changed"},
		{"a file of a submodule", func(a *ansible) { a.write("ansible/roles-external/kubespray/a file", "x") }, nil, "its tree changed"},
		{"another artifact", func(a *ansible) { a.artifact = "8d7a" }, nil, "its artifact changed"},
		{"another disk", func(a *ansible) { a.disks = "d2" }, nil, "its disks changed"},
		{"a receipt that is torn", func(a *ansible) { a.write("wiab/playbooks/01-kubernetes.yml", "playbook: kubernetes.yml\n") }, nil, "its arguments changed"},
		{"what the playbooks write", func(a *ansible) {
			for _, name := range []string{"ansible/inventory/offline/artifacts/admin.conf", "ansible/inventory/offline/credentials/kubeadm.creds", "ansible/inventory/kubeconfig.dec",
				"ansible/roles/minio/library/__pycache__/x.pyc", "ansible/kubernetes.retry", "values/minio-external/values.yaml", "wiab/playbooks/02-x.yml"} {
				a.write(name, "new\n")
			}
		}, nil, ""},
		{"the template", func(a *ansible) { a.write("ansible/inventory/offline/staging.yml", "another\n") }, nil, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := newAnsible(t)
			a.play(args...)
			if len(a.played()) != 1 {
				t.Fatal("the first call did not run")
			}
			test.alter(a)
			if test.args == nil {
				test.args = args
			}
			said, _ := a.play(test.args...)
			ran := len(a.played()) == 1
			if ran != (test.reason != "") || ran && !strings.Contains(said, " begins: "+test.reason+"\n") {
				t.Errorf("it ran: %v, and said\n%s", ran, said)
			}
		})
	}
}

// TestPlaybooksOfTheScript runs the script unmodified, as the miniature artifact has it: its
// seventh playbook fails.
func TestPlaybooksOfTheScript(t *testing.T) {
	script, err := filepath.Abs("../e2e/artifact/files/bin/offline-cluster.sh")
	if err != nil {
		t.Fatal(err)
	}
	a := newAnsible(t)
	a.fail("elasticsearch.yml", "4")
	if said, status := a.run(script); status != 4 || len(a.played()) != 7 || !strings.Contains(said, "playbook 7 elasticsearch.yml ended: exit status 4") {
		t.Fatalf("the script ended with %d:\n%s", status, said)
	}
	a.mend("elasticsearch.yml")
	said, status := a.run(script)
	played := a.played()
	if status != 0 || len(played) != 6 || !strings.Contains(played[0], "/elasticsearch.yml>") || strings.Count(said, " skipped: ") != 6 {
		t.Errorf("the script ended with %d, and played %q:\n%s", status, played, said)
	}
	if _, status := a.run(script); status != 0 || len(a.played()) > 0 {
		t.Errorf("the third run ended with %d, and played something", status)
	}
	names, err := filepath.Glob(filepath.Join(a.deploy, "wiab/playbooks/*"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range names {
		names[i] = filepath.Base(names[i])
	}
	if diff := cmp.Diff([]string{"01-setup-offline-sources.yml", "02-kubernetes.yml", "03-seed-offline-containerd.yml", "04-sync_time.yml", "05-kubernetes.yml", "06-cassandra.yml",
		"07-elasticsearch.yml", "08-minio.yml", "09-postgresql-deploy.yml", "10-configure_dns.yml", "11-rabbitmq.yml", "12-helm_external.yml", "calls"}, names); diff != "" {
		t.Errorf("receipts (-want +got):\n%s", diff)
	}

	a.only = "minio.yml helm_external.yml"
	a.artifact = "another"
	said, status = a.run(script)
	played = a.played()
	if status != 0 || len(played) != 2 || !strings.Contains(played[0], "/minio.yml>") || strings.Count(said, " left out: ") != 10 {
		t.Errorf("of two playbooks alone it played %q and ended with %d:\n%s", played, status, said)
	}
}

func TestPlaybookHandedOn(t *testing.T) {
	for name, args := range map[string][]string{
		"no inventory": {"ansible/minio.yml"},
		"no playbook":  {"-i", offlineInventory, "--tags", "minio.yml"},
		"a question":   {"--version"},
		"nothing":      nil,
	} {
		t.Run(name, func(t *testing.T) {
			a := newAnsible(t)
			for range 2 {
				if said, _ := a.play(args...); said != "PLAY [the real one]\n" || len(a.played()) != 1 {
					t.Errorf("it was not handed on as it is: %s", said)
				}
			}
		})
	}
	t.Run("no job", func(t *testing.T) {
		a := newAnsible(t)
		a.artifact = ""
		a.fail("minio.yml", "3")
		if said, status := a.play("-i", offlineInventory, "ansible/minio.yml"); said != "PLAY [the real one]\n" || status != 3 {
			t.Errorf("exit status %d: %s", status, said)
		}
	})
	t.Run("the inventory in other words", func(t *testing.T) {
		a := newAnsible(t)
		for _, words := range [][]string{{"-i" + offlineInventory}, {"--inventory=" + offlineInventory}, {"--inventory", offlineInventory}} {
			if said, _ := a.play(append(words, "ansible/minio.yml")...); !strings.Contains(said, "playbook 1 minio.yml begins: ") {
				t.Errorf("%q: %s", words, said)
			}
		}
	})
	t.Run("a directory of inventories", func(t *testing.T) {
		a := newAnsible(t)
		words := []string{"-i", "ansible/inventory/offline//", "ansible/minio.yml"}
		a.play(words...)
		if said, _ := a.play(words...); !strings.Contains(said, " skipped: ") {
			t.Errorf("the second time: %s", said)
		}
		a.write("ansible/inventory/offline/more.yml", "another\n")
		if said, _ := a.play(words...); !strings.Contains(said, "begins: its inventory changed") {
			t.Errorf("with one more: %s", said)
		}
	})
	t.Run("there is no real one", func(t *testing.T) {
		a := newAnsible(t)
		if err := os.Remove(filepath.Join(a.dir, "real/ansible-playbook")); err != nil {
			t.Fatal(err)
		}
		// Debian's own may be on PATH.
		cmd := exec.Command(filepath.Join(a.deploy, playbookFile), "--version")
		bin := t.TempDir()
		for _, program := range []string{"bash", "dirname", "env"} {
			path, err := exec.LookPath(program)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(path, filepath.Join(bin, program)); err != nil {
				t.Fatal(err)
			}
		}
		cmd.Env = []string{"PATH=" + filepath.Join(a.deploy, "wiab/bin") + ":" + bin}
		if out, err := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != 127 || !strings.Contains(string(out), "no real ansible-playbook") {
			t.Errorf("%v: %s", err, out)
		}
	})
}
