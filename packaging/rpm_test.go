package packaging

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shellIn puts this machine's shell, which the package's scripts need, into a root.
func shellIn(t *testing.T, root string) {
	t.Helper()
	for file := range strings.FieldsSeq("/bin/sh " + run(t, "", "ldd", "/bin/sh")) {
		if filepath.IsAbs(file) {
			run(t, "", "install", "-D", file, filepath.Join(root, file))
		}
	}
}

// filesOf are all files of a root but the database of rpm.
func filesOf(t *testing.T, root string) []string {
	t.Helper()
	return strings.Split(run(t, root, "find", ".", "-not", "-type", "d", "-not", "-path", "*rpm*"), "\n")
}

// rpmInstalls takes the .rpm in and out of a root of its own.
func (b builds) rpmInstalls(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("rpm changes its root, which takes root")
	}
	file, root := b.one(t, "*.rpm"), t.TempDir()
	rpm := func(args ...string) string {
		return run(t, "", "rpm", append([]string{"--root", root, "--nodeps"}, args...)...)
	}
	shellIn(t, root)
	before := filesOf(t, root)

	rpm("--force-debian", "--install", file)
	if out := run(t, "", "chroot", root, "/usr/bin/wiabctl", "--help"); !strings.Contains(out, "add-domain") {
		t.Errorf("what is installed says:\n%s", out)
	}
	rpm("--verify", "wiabctl")

	keys := filepath.Join(root, "var/lib/wiabctl")
	if err := os.MkdirAll(keys, 0o700); err != nil {
		t.Fatal(err)
	}
	if said := rpm("--force-debian", "--erase", "wiabctl"); !strings.Contains(said, "the installation on this host stays") {
		t.Errorf("removing it while an installation is there says %q", said)
	}
	if _, err := os.Stat(keys); err != nil {
		t.Error("removing the package took the installation's keys away")
	}
	if diff := cmp.Diff(before, filesOf(t, root)); diff != "" {
		t.Errorf("removing it left (-before +after):\n%s", diff)
	}
}
