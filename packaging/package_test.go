package packaging

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// run demands success of a command and returns what it wrote.
func run(t testing.TB, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out.String(), errOut.String())
	}
	return out.String() + errOut.String()
}

// built are two builds of the last commit, in clones at paths of different length.
var built = sync.OnceValues(func() (dirs [2]string, err error) {
	base, err := os.MkdirTemp("", "wiabctl-packaging-")
	if err != nil {
		return dirs, err
	}
	for i, name := range []string{"a", "some/where/else"} {
		dirs[i] = filepath.Join(base, name)
		for _, argv := range [][]string{
			{"git", "clone", "--quiet", "..", dirs[i]},
			{"make", "--quiet", "--directory", dirs[i], "package"},
		} {
			if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil { //nolint:noctx // it outlives the test that asks first
				return dirs, &failure{argv, err, out}
			}
		}
	}
	return dirs, nil
})

type failure struct {
	argv []string
	err  error
	out  []byte
}

func (f *failure) Error() string {
	return strings.Join(f.argv, " ") + ": " + f.err.Error() + "\n" + string(f.out)
}

func TestMain(m *testing.M) {
	code := m.Run()
	if dirs, _ := built(); dirs[0] != "" {
		os.RemoveAll(filepath.Dir(dirs[0]))
	}
	os.Exit(code)
}

// packages is the directory of the first build's packages.
func packages(t testing.TB) string {
	t.Helper()
	dirs, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dirs[0], "dist")
}

// one is the only file of the packages that the pattern matches.
func one(t testing.TB, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(packages(t), pattern))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s is %q, %v", pattern, found, err)
	}
	return found[0]
}

// TestReproducible builds one commit in two places: every file is the same, byte for byte.
func TestReproducible(t *testing.T) {
	first := packages(t)
	dirs, _ := built()
	for _, name := range []string{"bin/wiabctl", "dist"} {
		run(t, "", "diff", "--recursive", "--brief", filepath.Join(dirs[0], name), filepath.Join(dirs[1], name))
	}
	run(t, first, "sha256sum", "--check", "--strict", "SHA256SUMS")
	listed := run(t, first, "cut", "-c67-", "SHA256SUMS")
	if n := strings.Count(listed, "\n"); n != 3 {
		t.Errorf("SHA256SUMS lists %d files: %s", n, listed)
	}
}

// TestBinary: it is static, knows its commit, and is no larger than it may be.
func TestBinary(t *testing.T) {
	packages(t)
	dirs, _ := built()
	binary := filepath.Join(dirs[0], "bin/wiabctl")
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	head := strings.TrimSpace(run(t, dirs[0], "git", "rev-parse", "HEAD"))
	if settings["vcs.revision"] != head || settings["vcs.modified"] != "false" || settings["CGO_ENABLED"] != "0" {
		t.Errorf("the binary says %v, the commit is %s", settings, head)
	}
	program, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	if slices.ContainsFunc(program.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		t.Error("the binary asks for a dynamic linker")
	}
	if stat, err := os.Stat(binary); err != nil || stat.Size() > 40<<20 {
		t.Errorf("the binary has %d bytes, %v", stat.Size(), err)
	}
}

// TestBillOfMaterials: the SBOM names the modules that are in the binary, in their versions, and no others.
func TestBillOfMaterials(t *testing.T) {
	content, err := os.ReadFile(one(t, "wiabctl.cdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	var bill struct {
		Components []struct{ Name, Version string } `json:"components"`
	}
	if err := json.Unmarshal(content, &bill); err != nil {
		t.Fatal(err)
	}
	var have, want []string
	for _, c := range bill.Components {
		have = append(have, c.Name+" "+c.Version)
	}
	dirs, _ := built()
	info, err := buildinfo.ReadFile(filepath.Join(dirs[0], "bin/wiabctl"))
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, "std "+info.GoVersion)
	for _, dep := range info.Deps {
		want = append(want, dep.Path+" "+dep.Version)
	}
	slices.Sort(have)
	slices.Sort(want)
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("the SBOM differs from the binary (-binary +SBOM):\n%s", diff)
	}
}
