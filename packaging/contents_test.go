package packaging

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// wanted are the files that both packages have, as `rpm -qlv` begins and ends its lines.
// No unit, and nothing below /etc or /var: that is what `wiabctl up` makes and `down` removes.
func wanted(t *testing.T) []string {
	t.Helper()
	all := []string{
		"-rwxr-xr-x /usr/bin/wiabctl",
		"-rw-r--r-- /usr/share/bash-completion/completions/wiabctl",
		"-rw-r--r-- /usr/share/fish/vendor_completions.d/wiabctl.fish",
		"-rw-r--r-- /usr/share/zsh/site-functions/_wiabctl",
		"-rw-r--r-- /usr/share/doc/wiabctl/CHANGELOG.md",
		"-rw-r--r-- /usr/share/doc/wiabctl/LICENSE",
		"-rw-r--r-- /usr/share/doc/wiabctl/README.md",
		"-rw-r--r-- /usr/share/doc/wiabctl/examples/wiabctl.yaml",
	}
	dirs, _ := built()
	for _, pattern := range []string{"docs/*.md", "docs/*/*.md"} {
		pages, err := filepath.Glob(filepath.Join(dirs[0], pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, page := range pages {
			name, _ := filepath.Rel(dirs[0], page)
			all = append(all, "-rw-r--r-- /usr/share/doc/wiabctl/"+name)
		}
	}
	slices.Sort(all)
	return all
}

// listed are a listing's files with their modes, when all are root's. Links to files are left out.
func listed(t *testing.T, lines string, owner string, name func(fields []string) string) []string {
	t.Helper()
	var all []string
	for line := range strings.Lines(lines) {
		fields := strings.Fields(line)
		if !strings.Contains(line, owner) {
			t.Errorf("whose is this? %s", line)
		}
		if strings.HasPrefix(line, "-") {
			all = append(all, fields[0]+" "+name(fields))
		}
	}
	slices.Sort(all)
	return all
}

func TestDebContents(t *testing.T) {
	deb := one(t, "*.deb")
	lines := run(t, "", "dpkg-deb", "--contents", deb)
	have := listed(t, lines, " root/root ", func(f []string) string { return strings.TrimPrefix(f[5], ".") })
	if diff := cmp.Diff(wanted(t), have); diff != "" {
		t.Errorf("the .deb (-wanted +have):\n%s", diff)
	}
	for _, link := range []string{"/usr/share/doc/wiabctl/copyright -> LICENSE\n", "/usr/share/zsh/vendor-completions/_wiabctl -> ../site-functions/_wiabctl\n"} {
		if !strings.Contains(lines, link) {
			t.Errorf("there is no link %s", link)
		}
	}
	if about := run(t, "", "dpkg-deb", "--field", deb, "Package", "Architecture", "Depends", "License"); about != "Package: wiabctl\nArchitecture: amd64\nLicense: Apache-2.0\n" {
		t.Errorf("the .deb says of itself:\n%s", about)
	}
}

func TestRPMContents(t *testing.T) {
	rpm := one(t, "*.rpm")
	have := listed(t, run(t, "", "rpm", "-qlpv", rpm), " root     root ", func(f []string) string { return f[len(f)-1] })
	if diff := cmp.Diff(wanted(t), have); diff != "" {
		t.Errorf("the .rpm (-wanted +have):\n%s", diff)
	}
	if about := run(t, "", "rpm", "-qp", "--queryformat", "%{name} %{arch} %{license} %{buildhost}", rpm); about != "wiabctl x86_64 Apache-2.0 localhost" {
		t.Errorf("the .rpm says of itself: %s", about)
	}
	if needs := run(t, "", "rpm", "-qp", "--requires", rpm); strings.Contains(strings.ReplaceAll(needs, "rpmlib(", ""), "wiabctl") || strings.Contains(needs, ".so") {
		t.Errorf("the .rpm needs:\n%s", needs)
	}
}
