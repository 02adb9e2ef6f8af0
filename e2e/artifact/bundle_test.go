package artifact

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestBundleIsReproducible writes the same tree twice, touched in between.
func TestBundleIsReproducible(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(root, "bin", "run.sh")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o750); err != nil {
		t.Fatal(err)
	}
	pack := func() []byte {
		var out bytes.Buffer
		b := newBundle(&out)
		b.tree(root)
		b.link("sh", "bash")
		b.text("note", "hello")
		if err := b.close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	first := pack()
	if err := os.Chtimes(script, time.Now(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, pack()) {
		t.Error("the bytes depend on the files' times")
	}
	members := untar(t, string(first))
	if got := find(members, "bin/run.sh"); got.mode != 0o755 || got.data != "#!/bin/sh\n" {
		t.Errorf("bin/run.sh is %+v", got)
	}
	if got := find(members, "sh").link; got != "bash" {
		t.Errorf("sh links to %q", got)
	}
}

func TestBundleReportsMissingFile(t *testing.T) {
	b := newBundle(&bytes.Buffer{})
	b.file("x", filepath.Join(t.TempDir(), "x"))
	b.text("y", "")
	if err := b.close(); err == nil {
		t.Error("a missing file went unnoticed")
	}
}

// TestImage reads a docker archive back as docker load would: by the manifest,
// with the layers' digests checked.
func TestImage(t *testing.T) {
	layer := filepath.Join(t.TempDir(), "layer.tar")
	if err := writeBundle(layer, func(b *bundle) { b.text("hello", "world") }); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	img := image{tag: "a/b:c", config: imageConfig{Entrypoint: []string{"/x"}, WorkingDir: "/w"}, layers: []string{layer}}
	if err := img.write(&out); err != nil {
		t.Fatal(err)
	}
	members := untar(t, out.String())
	var manifest []imageManifest
	if err := json.Unmarshal([]byte(find(members, "manifest.json").data), &manifest); err != nil {
		t.Fatal(err)
	}
	var config struct {
		Config imageConfig
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		}
	}
	text := find(members, manifest[0].Config).data
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		t.Fatal(err)
	}
	if manifest[0].Config != digestOf([]byte(text))+".json" {
		t.Error("the configuration is not named by its digest")
	}
	if got := "sha256:" + digestOf([]byte(find(members, manifest[0].Layers[0]).data)); config.RootFS.DiffIDs[0] != got {
		t.Errorf("diff id is %s, the layer's digest %s", config.RootFS.DiffIDs[0], got)
	}
	if config.Config.WorkingDir != "/w" || config.Config.Entrypoint[0] != "/x" {
		t.Errorf("the configuration is %+v", config.Config)
	}
}
