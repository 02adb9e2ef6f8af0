package packaging

import (
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// wanted are the files that both packages have, as `rpm -qlv` begins and ends its lines.
// No unit, and nothing below /etc or /var: that is what `wiabctl up` makes and `down` removes.
func (b builds) wanted(t *testing.T) []string {
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
	pages, err := filepath.Glob(filepath.Join(b.first, "bin/man/*.1"))
	if err != nil || len(pages) < 50 {
		t.Errorf("there are %d man pages, %v", len(pages), err)
	}
	for _, page := range pages {
		all = append(all, "-rw-r--r-- /usr/share/man/man1/"+filepath.Base(page)+".gz")
	}
	for _, pattern := range []string{"docs/*.md", "docs/*/*.md"} {
		pages, err := filepath.Glob(filepath.Join(b.first, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, page := range pages {
			name, _ := filepath.Rel(b.first, page)
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

func (b builds) debContents(t *testing.T) {
	deb := b.one(t, "*.deb")
	lines := run(t, "", "dpkg-deb", "--contents", deb)
	have := listed(t, lines, " root/root ", func(f []string) string { return strings.TrimPrefix(f[5], ".") })
	if diff := cmp.Diff(b.wanted(t), have); diff != "" {
		t.Errorf("the .deb (-wanted +have):\n%s", diff)
	}
	for _, link := range []string{"/usr/share/doc/wiabctl/copyright -> LICENSE\n", "/usr/share/zsh/vendor-completions/_wiabctl -> ../site-functions/_wiabctl\n"} {
		if !strings.Contains(lines, link) {
			t.Errorf("there is no link %s", link)
		}
	}
	if about := run(t, "", "dpkg-deb", "--field", deb, "Package", "Architecture", "Depends", "License"); about != "Package: wiabctl\nArchitecture: "+runtime.GOARCH+"\nLicense: Apache-2.0\n" {
		t.Errorf("the .deb says of itself:\n%s", about)
	}
}

func (b builds) rpmContents(t *testing.T) {
	rpm := b.one(t, "*.rpm")
	have := listed(t, run(t, "", "rpm", "-qlpv", rpm), " root     root ", func(f []string) string { return f[len(f)-1] })
	if diff := cmp.Diff(b.wanted(t), have); diff != "" {
		t.Errorf("the .rpm (-wanted +have):\n%s", diff)
	}
	if about := run(t, "", "rpm", "-qp", "--queryformat", "%{name} %{license} %{buildhost}", rpm); about != "wiabctl Apache-2.0 localhost" {
		t.Errorf("the .rpm says of itself: %s", about)
	}
	for needs := range strings.Lines(run(t, "", "rpm", "-qp", "--requires", rpm)) {
		if needs != "/bin/sh\n" && !strings.HasPrefix(needs, "rpmlib(") {
			t.Errorf("the .rpm needs %s", needs)
		}
	}
}
