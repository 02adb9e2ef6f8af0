package assets

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"wiabctl/provision/change"
)

// wholeArtifact are the files of an artifact that lacks nothing.
func wholeArtifact() map[string]string {
	files := map[string]string{
		"debs-jammy.tar": signedDebs(), "binaries.tar": "b", "containers-helm.tar": "h", "containers-system.tar": "s",
		"containers-adminhost/container-wire-server-deploy.tgz": "t",
		"containers-adminhost/quay.io_wire_zauth_5.32.0.tar":    "z",
		"bin/helm-operations.sh":                                driven,
		"bin/offline-cluster.sh":                                "", "bin/offline-secrets.sh": "", "bin/offline-env.sh": "",
		"ansible/inventory/offline/staging.yml": "all: {}\n", keyFile: someKey,
		"values/webapp/prod-values.example.yaml": "a: b\n",
		"versions/containers_system_images.json": "[]",
	}
	for _, name := range charts {
		files["charts/"+name+"/Chart.yaml"] = "name: " + name + "\nversion: 5.32.0\n"
	}
	return files
}

// fileTree has the files.
func fileTree(files map[string]string) fs.FS {
	all := fstest.MapFS{}
	for name, content := range files {
		all[name] = &fstest.MapFile{Data: []byte(content), Mode: 0o644}
	}
	return all
}

func TestContents(t *testing.T) {
	drop := func(names ...string) func(map[string]string) {
		return func(files map[string]string) {
			for _, name := range names {
				maps.DeleteFunc(files, func(file, _ string) bool { return file == name || strings.HasPrefix(file, name+"/") })
			}
		}
	}
	put := func(name, content string) func(map[string]string) {
		return func(files map[string]string) { files[name] = content }
	}
	tests := map[string]struct {
		change func(map[string]string)
		kind   change.Kind
		says   string
	}{
		"whole":                  {drop(), change.Kind{}, ""},
		"one file":               {drop("debs-jammy.tar"), ArtifactIncomplete, "lacks debs-jammy.tar"},
		"a script":               {drop("bin/offline-secrets.sh"), ArtifactIncomplete, "lacks bin/offline-secrets.sh"},
		"a directory":            {drop("versions"), ArtifactIncomplete, "lacks versions/"},
		"the zauth image":        {drop("containers-adminhost/quay.io_wire_zauth_5.32.0.tar"), ArtifactIncomplete, "lacks containers-adminhost/quay.io_wire_zauth_*.tar"},
		"all at once":            {drop("binaries.tar", "charts", "bin/offline-env.sh"), ArtifactIncomplete, "lacks binaries.tar, bin/offline-env.sh, charts/"},
		"a second zauth image":   {put("containers-adminhost/quay.io_wire_zauth_5.30.0.tar", ""), ArtifactIncomplete, "2 images of zauth"},
		"a file for a directory": {func(f map[string]string) { drop("values")(f); f["values"] = "" }, ArtifactIncomplete, "lacks values/"},
		"a directory for a file": {func(f map[string]string) { drop("binaries.tar")(f); f["binaries.tar/x"] = "" }, ArtifactIncomplete, "lacks binaries.tar"},
		"a hard-coded script":    {put(helmScript, hardCoded), ArtifactOutdated, "helm-operations.sh does not take TARGET_SYSTEM, CERT_MASTER_EMAIL, DEPLOY_CERT_MANAGER, DEPLOY_CALLING_SERVICES, HOST_IP from its environment"},
		"no script":              {put(helmScript, "if then"), ArtifactOutdated, "understand the script"},
		"an enormous script":     {put(helmScript, strings.Repeat("#", textLimit+1)), ArtifactOutdated, "larger than 64.0 KiB"},
		"old charts":             {put("charts/wire-server/Chart.yaml", "name: wire-server\nversion: 5.12.0\n"), ArtifactUnknown, "wire-server 5.12.0"},
		"an unsigned repository": {put("debs-jammy.tar", debs("", "")), RepositoryKey, "there is no debs-jammy/public/gpg"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			files := wholeArtifact()
			test.change(files)
			expect(t, contents(fileTree(files), noon.Add(day)), test.kind, test.says)
		})
	}
}

func TestContentsTellsAllAtOnce(t *testing.T) {
	files := wholeArtifact()
	files[helmScript] = hardCoded
	files["charts/wire-server/Chart.yaml"] = "name: wire-server\nversion: 4.40.0\n"
	files["debs-jammy.tar"] = debs("", "")
	err := contents(fileTree(files), noon)
	for _, kind := range []change.Kind{ArtifactOutdated, ArtifactUnknown, RepositoryKey} {
		if !errors.Is(err, kind.Failf("")) {
			t.Errorf("%v is not %s", err, kind.ID)
		}
	}
}

func TestKnownCharts(t *testing.T) {
	version := func(name, version string) map[string]string {
		return map[string]string{"charts/" + name + "/Chart.yaml": "name: " + name + "\nversion: " + version + "\n"}
	}
	tests := map[string]struct {
		charts map[string]string // instead of the whole artifact's; empty is none
		fails  string
		warns  string
	}{
		"5.32.0":               {version("wire-server", "5.32.0"), "", ""},
		"5.25.0":               {version("wire-server", "5.25.0"), "", ""},
		"a pre-release":        {version("wire-server", "5.28.0-pre.7"), "", ""},
		"without a patch":      {version("wire-server", `"5.30"`), "", ""},
		"before the overlays":  {version("wire-server", "5.12.0"), "wire-server 5.12.0; wiabctl is made for 5.25 to 5.32", ""},
		"before the variables": {version("wire-server", "5.24.9"), "wire-server 5.24.9", ""},
		"another major":        {version("wire-server", "4.42.0"), "wire-server 4.42.0", ""},
		"the next major":       {version("wire-server", "6.0.0"), "wire-server 6.0.0", ""},
		"a newer minor":        {version("wire-server", "5.33.1"), "", "wire-server 5.33.1, newer than all"},
		"no version":           {version("wire-server", "latest"), `the version "latest"`, ""},
		"no webapp":            {map[string]string{"charts/webapp/Chart.yaml": ""}, "has no chart webapp", ""},
		"no calling":           {map[string]string{"charts/sftd/Chart.yaml": "", "charts/coturn/Chart.yaml": ""}, "has no chart sftd, coturn", ""},
		"wire-ingress alone": {map[string]string{
			"charts/nginx-ingress-services/Chart.yaml": "",
			"charts/wire-ingress/Chart.yaml":           "name: wire-ingress\nversion: 5.40.0\n",
		}, "has no chart nginx-ingress-services, only wire-ingress 5.40.0", ""},
		"wire-ingress too": {version("wire-ingress", "5.32.0"), "", ""},
		"another chart":    {map[string]string{"charts/sftd/Chart.yaml": "name: coturn\nversion: 1.0.0\n"}, `charts/sftd/Chart.yaml: it is the chart "coturn"`, ""},
		"no YAML":          {map[string]string{"charts/sftd/Chart.yaml": "\t:"}, "charts/sftd/Chart.yaml: ", ""},
		"an enormous one":  {map[string]string{"charts/sftd/Chart.yaml": strings.Repeat("#", textLimit+1)}, "charts/sftd/Chart.yaml: it is larger", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			files := wholeArtifact()
			maps.Copy(files, test.charts)
			maps.DeleteFunc(files, func(name, content string) bool { return strings.HasPrefix(name, "charts/") && content == "" })
			warnings, err := change.Warnings(knownCharts(fileTree(files)))
			expect(t, err, ArtifactUnknown, test.fails)
			if len(warnings) > 0 != (test.warns != "") || len(warnings) > 0 && !strings.Contains(warnings[0].Cause, test.warns) {
				t.Errorf("warnings %v, want %q", warnings, test.warns)
			}
		})
	}
}

// With time the key of a tree that is unpacked comes to its end.
func TestCheckContents(t *testing.T) {
	ended := newKey(time.Now().Add(-2*day), 3*day)
	index := clearsigned(ended.PrivateKey, at(time.Now().Add(-2*day), 0), index)
	a := artifact(t, small(t, text("debs-jammy.tar", debs(armoured(ended), index))))
	if err := a.CheckContents(t.Context()); err != nil {
		t.Errorf("before it is unpacked: %v", err)
	}
	install(t, a) // while the key is valid
	warnings, err := change.Warnings(a.CheckContents(t.Context()))
	if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0].Cause, "expires on") {
		t.Errorf("a day before: %v, %v", warnings, err)
	}
	ended = newKey(time.Now().Add(-3*day), 2*day)
	index = clearsigned(ended.PrivateKey, at(time.Now().Add(-3*day), 0), "Suite: jammy\n")
	write(t, filepath.Join(a.Dir(), "debs-jammy.tar"), []byte(debs(armoured(ended), index)))
	expect(t, a.CheckContents(t.Context()), RepositoryKey, "expired on")

	write(t, filepath.Join(a.Dir(), kubeconfig), nil) // the cluster stands
	warnings, err = change.Warnings(a.CheckContents(t.Context()))
	if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0].Cause, "expired on") {
		t.Errorf("with a cluster: %v, %v", warnings, err)
	}
	if err := os.Remove(filepath.Join(a.Dir(), kubeconfig)); err != nil {
		t.Fatal(err)
	}
	expect(t, a.CheckContents(t.Context()), RepositoryKey, "expired on")
}
