package provision

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// packageOf is a dpkg of its own, which knows what the test says: one line a package.
func packageOf(t *testing.T, known string) {
	t.Helper()
	dir := t.TempDir()
	script := "#!/bin/sh\ncase $1 in --show) ;; *) echo \"asked for $*\" >&2; exit 1 ;; esac\ncat <<'X'\n" + known + "X\n"
	if err := os.WriteFile(filepath.Join(dir, "dpkg-query"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

func TestPackageReceipt(t *testing.T) {
	packageOf(t, "installed runc amd64\nunpacked docker.io amd64\nconfig-files tini amd64\nnot-installed gone amd64\ninstalled libfoo i386\ninstalled foreign all\n")
	r := packageReceipt{filepath.Join(t.TempDir(), "receipts", "packages")}
	brought := func(want string) {
		t.Helper()
		if got, err := r.brought(t.Context()); err != nil || strings.Join(got, " ") != want {
			t.Errorf("brought %v, %v; want %s", got, err, want)
		}
	}
	brought("")
	if r.interrupted() || len(r.files()) > 0 {
		t.Error("there is a receipt before anything")
	}
	for _, coming := range [][]string{{"runc", "docker.io", "never-came"}, {"docker.io", "libfoo:i386", "tini", "gone"}} { // apt was interrupted in between
		if err := r.begin(coming); err != nil {
			t.Fatal(err)
		}
	}
	if !r.interrupted() {
		t.Error("apt has begun, and nothing says so")
	}
	brought("docker.io libfoo:i386 runc tini")
	if err := r.settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r.interrupted() || len(r.files()) != 1 {
		t.Errorf("apt has ended; the receipt's files are %v", r.files())
	}
	brought("docker.io libfoo:i386 runc tini")
	if err := r.fade(t.Context()); err != nil || len(r.files()) != 1 {
		t.Errorf("the packages are there, and the receipt faded (%v)", err)
	}
	if info, err := os.Stat(r.File); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("receipt %v, %v", info, err)
	}
	packageOf(t, "not-installed runc amd64\n")
	if err := r.fade(t.Context()); err != nil || len(r.files()) != 0 {
		t.Errorf("all packages are gone, the receipt's files are %v, %v", r.files(), err)
	}
}

// What is cleared away leaves the receipt of packages that stay, and nothing else.
// What apt brought stays known where it cannot be written down, on a full disk say.
func TestPackageReceiptThatCannotSettle(t *testing.T) {
	packageOf(t, "installed runc amd64\n")
	r := packageReceipt{filepath.Join(t.TempDir(), strings.Repeat("p", 249))} // too long for what is written beside it first
	if err := os.WriteFile(r.begun(), []byte("runc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.settle(t.Context()); err == nil {
		t.Fatal("no error")
	}
	if coming, err := r.read(r.begun()); err != nil || len(coming) != 1 {
		t.Errorf("known by now: %v, %v", coming, err)
	}
}

func TestStateIsCleared(t *testing.T) {
	packageOf(t, "installed runc amd64\n")
	state := filepath.Join(t.TempDir(), "state")
	r := packageReceipt{filepath.Join(state, "receipts", "packages")}
	h := host{state: state, packages: installer{Receipt: r}}
	fill := func() {
		for _, file := range []string{"keys/admin", "receipts/other", "receipts/packages"} {
			file = filepath.Join(state, file)
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte("runc\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	cleared := func(purging bool) int {
		t.Helper()
		changes := h.clear(purging)
		for _, c := range changes {
			if err := c.Apply(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
		return len(changes)
	}
	if n := cleared(false) + cleared(true); n != 0 {
		t.Errorf("%d changes where there is nothing", n)
	}
	fill()
	if n := cleared(false); n != 1 {
		t.Errorf("%d changes", n)
	}
	entries, err := filepath.Glob(filepath.Join(state, "*", "*"))
	if err != nil || len(entries) != 1 || entries[0] != r.File {
		t.Errorf("left are %v", entries)
	}
	if n := cleared(false); n != 0 {
		t.Errorf("%d changes when only the receipt is left", n)
	}
	if n := cleared(true); n != 1 || len(r.files()) != 1 {
		t.Errorf("a purge that failed must not lose the receipt: %d changes, left %v", n, r.files())
	}
	fill()
	if err := r.forget(); err != nil {
		t.Fatal(err)
	}
	cleared(true)
	if _, err := os.Stat(state); !os.IsNotExist(err) {
		t.Errorf("after the purge the state is still there: %v", err)
	}
}
