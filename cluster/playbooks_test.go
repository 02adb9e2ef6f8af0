package cluster

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wiabctl/provision/change"
)

// fakeSystemd runs a unit in the foreground, as far as jobs use systemd; it has none
// afterwards.
const fakeSystemd = `
case ${0##*/} in
systemctl) echo inactive; exit ;;
esac
export SERVICE_RESULT=success EXIT_CODE=exited
finish=
for word; do
  case $word in
    --property=StandardOutput=append:*) out=${word#*append:} ;;
    --property=ExecStopPost=*) finish=${word#*ExecStopPost=} ;;
    --setenv=*) export "${word#--setenv=}" ;;
    --working-directory=*) cd "${word#*=}" ;;
    --*) ;;
    *) break ;;
  esac
  shift
done
"$@" >>"$out" 2>&1
export EXIT_STATUS=$?
[ $EXIT_STATUS = 0 ] || SERVICE_RESULT=exit-code
$finish`

// newOffline is the stage on a machine with a fake systemd and a fake ansible-playbook,
// where the tools container is the machine itself. The script is the miniature artifact's.
func newOffline(t *testing.T) (Offline, *ansible) {
	t.Helper()
	api := testAPI(t, map[string]any{"/api/v1/namespaces/default": map[string]any{}})
	a := newAnsible(t)
	a.deploy = api.Admin.Dir
	script, err := os.ReadFile("../e2e/artifact/files/bin/offline-cluster.sh")
	if err != nil {
		t.Fatal(err)
	}
	a.write(offlineScript, string(script))
	a.write(offlineInventory, "all: {}\n")
	a.write("ansible/minio.yml", "[]\n")
	a.write(playbookFile, string(playbookScript))
	a.write(toolsFile, "#!/bin/sh\nPATH=$PWD/wiab/bin:$PATH exec \"$@\"\n")
	for _, name := range []string{offlineScript, playbookFile, toolsFile} {
		if err := os.Chmod(filepath.Join(a.deploy, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"systemd-run", "systemctl"} {
		writeProgram(t, filepath.Join(a.dir, "real", name), fakeSystemd)
	}
	t.Setenv("PATH", filepath.Join(a.dir, "real")+":"+os.Getenv("PATH"))
	assets := &assetHost{t: t, address: freeAddress(t)}
	return Offline{Admin: api.Admin, API: api, Artifact: "5b01", Disks: func() ([]string, error) { return []string{a.disks}, nil },
		Assets: AssetServer{Address: assets.address, Run: assets.run}}, a
}

// bring applies what the stage wants, demands that it wants nothing more, and returns the
// places of the playbooks that were played.
func bring(t *testing.T, a *ansible, plan func() ([]change.Change, error)) []string {
	t.Helper()
	changes, err := plan()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		if err := c.Apply(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if changes, err = plan(); err != nil || len(changes) > 0 {
		t.Errorf("after all changes the stage wants %v (%v)", changes, err)
	}
	return names(a.played())
}

// names are the playbooks of the calls.
func names(calls []string) (all []string) {
	for _, call := range calls {
		words := strings.Fields(call)
		all = append(all, strings.TrimSuffix(filepath.Base(strings.Trim(words[3], "<>")), ".yml"))
	}
	return all
}

var twelve = []string{"setup-offline-sources", "kubernetes", "seed-offline-containerd", "sync_time", "kubernetes", "cassandra", "elasticsearch", "minio",
	"postgresql-deploy", "configure_dns", "rabbitmq", "helm_external"}

func TestOfflineChoices(t *testing.T) {
	o, a := newOffline(t)
	plan := func() ([]change.Change, error) { return o.Plan(t.Context()) }
	played := func(what string, want ...string) {
		t.Helper()
		if got := bring(t, a, plan); !slices.Equal(got, want) {
			t.Errorf("%s: played %q, want %q", what, got, want)
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	played("the first run", twelve...)
	played("again")

	must(o.ForgetPlaybooks(t.Context(), "minio.yml", "kubernetes.yml"))
	played("two playbooks once more", "kubernetes", "kubernetes", "minio")
	must(o.ForgetFrom(t.Context(), "cassandra.yml"))
	played("from one on", twelve[5:]...)
	must(o.ForgetFrom(t.Context(), "kubernetes.yml"))
	played("from one that is played twice on", twelve[1:]...)
	must(o.Forget(t.Context()))
	played("the whole once more", twelve...)

	a.disks = "d2"
	played("with another disk", twelve...)
	if err := os.RemoveAll(filepath.Join(a.deploy, filepath.Dir(adminConf))); err != nil {
		t.Fatal(err)
	}
	changes, err := plan()
	must(err)
	must(changes[0].Apply(t.Context(), nil))
	if got := names(a.played()); !slices.Equal(got, twelve) {
		t.Errorf("without a kubeconfig: played %q", got)
	}
}

// TestOfflineEndedMeanwhile is a script that was at work when it was planned, and that has come to its end.
func TestOfflineEndedMeanwhile(t *testing.T) {
	o, a := newOffline(t)
	changes, err := o.Plan(t.Context())
	if err != nil || len(changes) != 1 {
		t.Fatalf("%v, %v", changes, err)
	}
	bring(t, a, func() ([]change.Change, error) { return o.Plan(t.Context()) })
	if err := changes[0].Apply(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(a.deploy, jobsDir, "cluster", previousFile)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it ran twice: %v", err)
	}
}

func TestOfflineAlone(t *testing.T) {
	o, a := newOffline(t)
	whole := func() ([]change.Change, error) { return o.Plan(t.Context()) }
	alone := func(playbooks ...string) []string {
		t.Helper()
		stage := &Alone{Offline: o, Playbooks: playbooks}
		return bring(t, a, func() ([]change.Change, error) { return stage.Plan(t.Context()) })
	}
	if got := alone("minio.yml"); !slices.Equal(got, []string{"minio"}) {
		t.Errorf("alone before all others: %q", got)
	}
	if changes, err := whole(); err != nil || len(changes) != 1 {
		t.Errorf("after one playbook alone the stage wants %v (%v): the rest is not done", changes, err)
	}
	if got := bring(t, a, whole); len(got) != 11 || slices.Contains(got, "minio") {
		t.Errorf("the rest: %q", got)
	}
	if got := alone("minio.yml", "rabbitmq.yml"); !slices.Equal(got, []string{"minio", "rabbitmq"}) {
		t.Errorf("two alone: %q", got)
	}
	if changes, err := whole(); err != nil || len(changes) > 0 {
		t.Errorf("after two of a finished whole the stage wants %v (%v)", changes, err)
	}

	a.fail("minio.yml", "2")
	stage := &Alone{Offline: o, Playbooks: []string{"minio.yml"}}
	changes, err := stage.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := changes[0].Apply(t.Context(), nil); !errors.Is(err, JobFailed.Failf("")) {
		t.Errorf("one that fails: %v", err)
	}
	a.played()
	a.mend("minio.yml")
	if got := bring(t, a, whole); !slices.Equal(got, []string{"minio"}) {
		t.Errorf("after it failed alone: %q", got)
	}
}

func TestOfflinePlaybooks(t *testing.T) {
	o, a := newOffline(t)
	if got, err := o.Playbooks(t.Context(), "minio", "kubernetes.yml"); err != nil || !slices.Equal(got, []string{"minio.yml", "kubernetes.yml"}) {
		t.Errorf("got %q, %v", got, err)
	}
	for name, test := range map[string]struct{ script, says string }{
		"a wrong name":             {"ansible-playbook -i x a.yml\nansible-playbook -i x b.yml", `plays no playbook "minio"; it plays a.yml, b.yml`},
		"a name that is not there": {"ansible-playbook -i x $PLAYBOOK", "line 1 does not name the playbook"},
		"no shell script":          {"if", "understand the script"},
		"no script":                {"", "there is no bin/offline-cluster.sh yet"},
	} {
		t.Run(name, func(t *testing.T) {
			a.write(offlineScript, test.script)
			if test.script == "" {
				_ = os.Remove(filepath.Join(a.deploy, offlineScript))
			}
			if _, err := o.Playbooks(t.Context(), "minio"); !errors.Is(err, PlaybookUnknown.Failf("")) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want playbook-unknown with %q", err, test.says)
			}
		})
	}
}

func TestPlaybookCalls(t *testing.T) {
	const head = "ansible-playbook -i $INVENTORY_FILE "
	tests := []struct {
		name, script string
		want         []playbookCall
	}{
		{"as upstream writes it", head + "$ANSIBLE_DIR/sync_time.yml -v\n" + head + "$ANSIBLE_DIR/kubernetes.yml --tags a,b", []playbookCall{{"sync_time.yml", true}, {"kubernetes.yml", true}}},
		{"quoted", `ansible-playbook -i "$I" "${ANSIBLE_DIR}/roles/x/tasks/configure_dns.yml"`, []playbookCall{{"configure_dns.yml", true}}},
		{"options first", "ansible-playbook -e @vars.yml --inventory inventory.yml 'a.yaml'", []playbookCall{{"a.yaml", true}}},
		{"not always", "if [ -n \"$VIP\" ]; then " + head + "vip.yml; fi\nx && " + head + "b.yml", []playbookCall{{"vip.yml", false}, {"b.yml", false}}},
		{"with variables", "ANSIBLE_FORCE_COLOR=0 " + head + "a.yml", []playbookCall{{"a.yml", true}}},
		{"a comment and a text", "# ansible-playbook a.yml\necho ansible-playbook b.yml", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got, err := playbookCalls([]byte(test.script)); err != nil || !slices.Equal(got, test.want) {
				t.Errorf("got %v (%v), want %v", got, err, test.want)
			}
		})
	}
}

func TestOfflineTotal(t *testing.T) {
	o, a := newOffline(t)
	if n := o.total(t.Context()); n != 12 {
		t.Errorf("the script plays %d playbooks", n)
	}
	a.write(offlineScript, "ansible-playbook -i x a.yml\nif b; then ansible-playbook -i x b.yml; fi\n")
	if n := o.total(t.Context()); n != 0 {
		t.Errorf("a script that plays one or two playbooks plays %d", n)
	}
}
