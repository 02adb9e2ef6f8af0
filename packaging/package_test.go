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

// builds are two builds of one commit, in clones at paths of different length.
type builds struct{ first, second string }

// TestPackages makes the packages twice and looks into them.
func TestPackages(t *testing.T) {
	b := builds{filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "some/where/else")}
	run(t, "", "./clone.sh", b.first)
	run(t, "", "git", "clone", "--quiet", b.first, b.second)
	for _, clone := range []string{b.first, b.second} {
		run(t, clone, "make", "--quiet", "package")
	}
	t.Run("reproducible", b.reproducible)
	t.Run("binary", b.binary)
	t.Run("bill of materials", b.billOfMaterials)
	t.Run("contents of the .deb", b.debContents)
	t.Run("contents of the .rpm", b.rpmContents)
	t.Run("rpm installs", b.rpmInstalls)
}

// one is the only file of the packages that the pattern matches.
func (b builds) one(t *testing.T, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(b.first, "dist", pattern))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s is %q, %v", pattern, found, err)
	}
	return found[0]
}

// reproducible: every file is the same in both, byte for byte.
func (b builds) reproducible(t *testing.T) {
	for _, name := range []string{"bin/wiabctl", "dist"} {
		run(t, "", "diff", "--recursive", "--brief", filepath.Join(b.first, name), filepath.Join(b.second, name))
	}
	dist := filepath.Join(b.first, "dist")
	run(t, dist, "sha256sum", "--check", "--strict", "SHA256SUMS")
	if listed := run(t, dist, "cut", "-c67-", "SHA256SUMS"); strings.Count(listed, "\n") != 3 {
		t.Errorf("SHA256SUMS lists %s", listed)
	}
}

// binary: it is static, knows its commit, and is no larger than it may be.
func (b builds) binary(t *testing.T) {
	binary := filepath.Join(b.first, "bin/wiabctl")
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	head := strings.TrimSpace(run(t, b.first, "git", "rev-parse", "HEAD"))
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

// billOfMaterials: the SBOM names the modules that are in the binary, in their versions, and no others.
func (b builds) billOfMaterials(t *testing.T) {
	content, err := os.ReadFile(b.one(t, "wiabctl.cdx.json"))
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
	info, err := buildinfo.ReadFile(filepath.Join(b.first, "bin/wiabctl"))
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
