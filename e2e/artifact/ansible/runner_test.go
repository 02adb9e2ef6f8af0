package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// fakeSSH runs the command on this machine; the host "down" does not answer. It
// refuses to go on without strict host keys, and its sudo only drops -n.
const (
	fakeSSH = `#!/bin/sh
case "$*" in *StrictHostKeyChecking=yes*) ;; *) echo "host keys are not checked" >&2; exit 255 ;; esac
while [ $# -gt 2 ]; do shift; done
[ "$1" != 192.0.2.9 ] || { echo "connect to host $1: No route to host" >&2; exit 255; }
export SSH_HOST=$1
exec sh -c "$2"
`
	fakeSudo = "#!/bin/sh\nshift\nexec \"$@\"\n"

	testInventory = `
all: {vars: {ansible_ssh_common_args: -o StrictHostKeyChecking=yes, ansible_user: demo}}
web:
  hosts:
    one: {ansible_host: 192.0.2.1}
    two: {ansible_host: 192.0.2.2}
gone:
  hosts:
    down: {ansible_host: 192.0.2.9}
`
)

// workshop makes an empty directory with the fake ssh on PATH the current one.
func workshop(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"bin/ssh": fakeSSH, "bin/sudo": fakeSudo, "inventory.yml": testInventory} {
		put(t, filepath.Join(dir, name), text)
	}
	t.Setenv("PATH", filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
	t.Chdir(dir)
	return dir
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// playText runs a playbook given as text and returns what it printed.
func playText(t *testing.T, text string, verbose bool) (string, error) {
	t.Helper()
	put(t, "ansible/site.yml", text)
	inv, err := loadInventory("inventory.yml")
	if err != nil {
		t.Fatal(err)
	}
	plays, err := loadPlaybook("ansible/site.yml")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	r := runner{inventory: inv, ssh: sshConfig{hostKeyChecking: true}, out: report{w: &out, verbose: verbose}}
	err = r.playbook(t.Context(), "ansible/site.yml", plays)
	return out.String(), err
}

// golden compares with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join(testdata, name)
	if *update {
		put(t, path, got)
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got:\n%s", name, got)
	}
}

// testdata is absolute because the tests change the directory.
var testdata = func() string {
	dir, err := filepath.Abs("testdata")
	if err != nil {
		panic(err)
	}
	return dir
}()

func TestOutput(t *testing.T) {
	cases := map[string]struct {
		playbook string
		verbose  bool
		want     error
	}{
		"changes": {playbook: `
- name: Look
  hosts: web
  tasks:
    - {name: Say who, shell: "echo I am {{ inventory_hostname }} at $SSH_HOST"}
    - {name: Change one, shell: "[ $SSH_HOST != 192.0.2.2 ] || echo changed"}
    - {name: Notice, shell: "echo ${changed:-no}"}
`, verbose: true},
		"failure": {playbook: `
- name: Try
  hosts: web
  tasks:
    - {name: Break one, shell: "[ $SSH_HOST = 192.0.2.1 ] || { echo no room; exit 3; }; echo changed"}
    - {name: Go on, shell: ":"}
- name: Never reached
  hosts: web
  tasks:
    - {name: Oops, shell: "false"}
`, want: errFailed},
		"unreachable": {playbook: `
- name: Knock
  hosts: gone
  tasks:
    - {name: Enter, shell: ":"}
`, want: errUnreachable},
		"registered": {playbook: `
- name: Ask
  hosts: web
  tasks:
    - {name: Address, shell: echo $SSH_HOST, register: address}
- name: Tell
  hosts: localhost
  tasks:
    - {name: Repeat, shell: "echo {{ address }}"}
`, verbose: true},
		"undefined": {playbook: `
- name: Ask
  hosts: web
  tasks:
    - {name: Use, shell: "echo {{ nothing }}"}
`, want: errFailed},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			workshop(t)
			out, err := playText(t, c.playbook, c.verbose)
			if !errors.Is(err, c.want) {
				t.Errorf("error is %v, want %v", err, c.want)
			}
			golden(t, name+".txt", out)
		})
	}
}

func TestHostKeysAreChecked(t *testing.T) {
	workshop(t)
	put(t, "inventory.yml", "web: {hosts: {one: {}}}")
	out, err := playText(t, `[{name: a, hosts: web, tasks: [{name: b, shell: ":"}]}]`, false)
	if !errors.Is(err, errUnreachable) || !strings.Contains(out, "host keys are not checked") {
		t.Errorf("got %v:\n%s", err, out)
	}
}

// TestWork copies files and writes one, twice: the second run changes nothing.
func TestWork(t *testing.T) {
	dir := workshop(t)
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	if err := w.WriteHeader(&tar.Header{Name: "tool", Mode: 0o644, Size: 4}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("\x00it\n")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	put(t, "tools.tar", archive.String())
	put(t, "plain", "it's plain\n")
	playbook := strings.ReplaceAll(`
- name: Work
  hosts: one
  tasks:
    - {name: Member, copy: {src: tools.tar, member: tool, dest: DIR/opt/tool, mode: "0700"}}
    - {name: Plain, copy: {src: plain, dest: DIR/plain file, mode: "0640"}}
    - name: Write
      shell: |
        write "DIR/etc/conf" 0600 <<CONF
        it's "{{ inventory_hostname }}"
        CONF
`, "DIR", dir+"/out")
	out, err := playText(t, playbook, false)
	if err != nil || strings.Count(out, "changed: [") != 3 {
		t.Fatalf("first run: %v\n%s", err, out)
	}
	for path, want := range map[string]struct {
		text string
		mode os.FileMode
	}{
		"opt/tool":   {"\x00it\n", 0o700},
		"plain file": {"it's plain\n", 0o640},
		"etc/conf":   {"it's \"one\"\n", 0o600},
	} {
		path = filepath.Join(dir, "out", path)
		got, err := os.ReadFile(path)
		if err != nil || string(got) != want.text {
			t.Errorf("%s is %q, %v", path, got, err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode() != want.mode {
			t.Errorf("%s has mode %v, want %v", path, info.Mode(), want.mode)
		}
	}
	out, err = playText(t, playbook, false)
	if err != nil || strings.Contains(out, "changed: [") {
		t.Errorf("second run: %v\n%s", err, out)
	}
}

func TestFailOnce(t *testing.T) {
	workshop(t)
	put(t, "ansible/fail-once/site.yml", "")
	playbook := `[{name: a, hosts: web, tasks: [{name: b, shell: "touch done"}]}]`
	out, err := playText(t, playbook, false)
	if !errors.Is(err, errFailed) || !strings.Contains(out, "fatal: [one]: FAILED!") || !strings.Contains(out, "told to fail once") {
		t.Errorf("first run: %v\n%s", err, out)
	}
	if _, err := os.Stat("done"); err == nil {
		t.Error("the failing run did its work")
	}
	if out, err = playText(t, playbook, false); err != nil {
		t.Errorf("second run: %v\n%s", err, out)
	}
}
