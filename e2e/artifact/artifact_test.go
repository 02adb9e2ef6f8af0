package artifact

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestBuild needs mmdebstrap, as the lab does; it is quick once the tools root
// is cached.
func TestBuild(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	kubebox := filepath.Join(t.TempDir(), "kubebox")
	for path, text := range map[string]string{kubebox: "not really kubebox", helmBeside(kubebox): "nor helm"} {
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	path, err := Build(t.Context(), kubebox, Release)
	if err != nil {
		t.Fatal(err)
	}
	hash, err := Hash(path)
	if err != nil {
		t.Fatal(err)
	}
	members := readArchive(t, path)
	var names []string
	for _, m := range members {
		names = append(names, m.name)
	}
	order := []string{"debs-jammy.tar", "binaries.tar", "containers-adminhost/", "containers-helm.tar", "containers-system.tar", "ansible/", "bin/", "charts/", "values/", "versions/"}
	last := -1
	for _, name := range order {
		at := slices.Index(names, name)
		if at <= last {
			t.Errorf("%s is member %d, after %d was expected", name, at, last)
		}
		last = at
	}
	if got := find(members, "bin/helm-operations.sh").mode; got != 0o755 {
		t.Errorf("bin/helm-operations.sh has mode %o", got)
	}
	if types := find(members, "charts/cert-manager/charts/cert-manager/templates/crd-challenges.yaml").data; !strings.Contains(types, "name: challenges.acme.cert-manager.io") {
		t.Errorf("cert-manager's chart lacks its types: %.200s", types)
	}
	tools := untar(t, unzip(t, find(members, "containers-adminhost/container-wire-server-deploy.tgz").data))
	var manifest []imageManifest
	if err := json.Unmarshal([]byte(find(tools, "manifest.json").data), &manifest); err != nil {
		t.Fatal(err)
	}
	if want := []string{"quay.io/wire/wire-server-deploy:" + hash}; !slices.Equal(manifest[0].RepoTags, want) {
		t.Errorf("the tools image is called %v, want %v", manifest[0].RepoTags, want)
	}
	upper := untar(t, find(tools, manifest[0].Layers[1]).data)
	if got := find(upper, "usr/local/bin/kubectl").link; got != "kubebox" {
		t.Errorf("kubectl links to %q", got)
	}
	if got := find(upper, "usr/local/bin/kubebox"); got.data != "not really kubebox" || got.mode != 0o755 {
		t.Errorf("kubebox is %q, mode %o", got.data, got.mode)
	}
	if got := find(upper, "usr/local/bin/helm"); got.data != "nor helm" || got.mode != 0o755 {
		t.Errorf("helm is %q, mode %o", got.data, got.mode)
	}
	if !strings.Contains(find(upper, "etc/ssl/certs/ca-certificates.crt").data, "BEGIN CERTIFICATE") {
		t.Error("the tools image has no CA certificates")
	}
	again, err := Build(t.Context(), kubebox, Release)
	if err != nil || again != path {
		t.Errorf("the second build gave %s, %v; want %s", again, err, path)
	}
	next, err := Build(t.Context(), kubebox, "5.33.0")
	if err != nil || next == path {
		t.Fatalf("another release: %s, %v", next, err)
	}
	others := readArchive(t, next)
	for _, name := range []string{"charts/wire-server/Chart.yaml", "charts/sftd/Chart.yaml"} {
		was, is := find(members, name).data, find(others, name).data
		if want := strings.Replace(was, Release, "5.33.0", 1); is != want {
			t.Errorf("%s of another release:\n%s\nwant\n%s", name, is, want)
		}
	}
	if !strings.Contains(find(others, "charts/wire-server/Chart.yaml").data, "version: 5.33.0\n") || find(others, "containers-adminhost/quay.io_wire_zauth_5.33.0.tar").data == "" {
		t.Error("another release does not show in the charts and images")
	}
}

func TestHash(t *testing.T) {
	good := strings.Repeat("0a", 20)
	cases := map[string]struct{ path, want string }{
		"as Build names it": {"/x/wire-server-deploy-static-" + good + ".tgz", good},
		"too short":         {"wire-server-deploy-static-0a.tgz", ""},
		"no hexadecimals":   {"wire-server-deploy-static-" + strings.Repeat("zz", 20) + ".tgz", ""},
		"another variant":   {"wire-server-deploy-static-demo-" + good + ".tgz", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := Hash(c.path)
			if c.want == "" && err == nil || c.want != "" && got != c.want {
				t.Errorf("Hash(%s) = %q, %v; want %q", c.path, got, err, c.want)
			}
		})
	}
}

type member struct {
	name, link, data string
	mode             int64
}

func readArchive(t *testing.T, path string) []member {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return untar(t, unzip(t, string(data)))
}

func unzip(t *testing.T, data string) string {
	t.Helper()
	z, err := gzip.NewReader(strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

func untar(t *testing.T, data string) []member {
	t.Helper()
	var all []member
	archive := tar.NewReader(strings.NewReader(data))
	for {
		head, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, member{name: head.Name, link: head.Linkname, data: string(content), mode: head.Mode})
	}
}

// find gives the member of that name, or an empty one.
func find(all []member, name string) member {
	i := slices.IndexFunc(all, func(m member) bool { return m.name == name })
	if i < 0 {
		return member{}
	}
	return all[i]
}
