package provision

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAptProgress shows what people see of a real installation, of which every twelfth
// line was kept.
func TestAptProgress(t *testing.T) {
	said, err := os.ReadFile(filepath.Join("testdata", "apt-status.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	p := &aptProgress{say: func(line string) { lines.WriteString(line + "\n") }, act: "install", total: 114, done: map[string]bool{}}
	for line := range strings.Lines(string(said)) {
		p.note(strings.TrimSuffix(line, "\n"))
	}
	golden(t, filepath.Join("testdata", "apt-progress.txt"), []byte(lines.String()))
}

func TestParseSimulation(t *testing.T) {
	steps := parseSimulation(`Reading package lists...
The following NEW packages will be installed:
  docker.io runc
1 upgraded, 2 newly installed, 1 to remove and 0 not upgraded.
Remv foreign [1.0]
Inst libc6 [2.36-9] (2.36-10 Debian:12/stable [amd64])
Inst runc (1.1.5 Debian:12/stable [amd64]) []
Inst docker.io (20.10 Debian:12/stable [amd64])
Conf runc (1.1.5 Debian:12/stable [amd64])
Purg old [0.9]
`)
	want := []aptStep{{"Remv", "foreign", "1.0"}, {"Inst", "libc6", "2.36-9"}, {"Inst", "runc", ""}, {"Inst", "docker.io", ""}, {"Conf", "runc", ""}, {"Purg", "old", "0.9"}}
	if diff := cmp.Diff(want, steps, cmp.AllowUnexported(aptStep{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if all, fresh := strings.Join(arrivals(steps), " "), strings.Join(newcomers(steps), " "); all != "libc6 runc docker.io" || fresh != "runc docker.io" {
		t.Errorf("arrivals %s, newcomers %s", all, fresh)
	}
}
