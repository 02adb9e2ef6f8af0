package assets

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// disk makes a small image with qemu-img.
func disk(t *testing.T, arguments ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disk.img")
	arguments = append(append([]string{"create", "-q"}, arguments...), path, "1M")
	if out, err := exec.Command("qemu-img", arguments...).CombinedOutput(); err != nil {
		t.Fatalf("qemu-img (package qemu-utils): %v: %s", err, out)
	}
	return path
}

func image(t *testing.T, source string) BaseImage {
	t.Helper()
	content, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	base := t.TempDir()
	return BaseImage{
		URL: "file://" + source, SHA256: sha(content),
		Cache: filepath.Join(base, "cache"), Images: filepath.Join(base, "images"),
	}
}

func TestBaseImage(t *testing.T) {
	for name, format := range map[string]string{"as it is": "qcow2", "converted": "raw"} {
		t.Run(name, func(t *testing.T) {
			b := image(t, disk(t, "-f", format))
			plan, err := b.Plan(t.Context())
			if err != nil || len(plan) != 1 || exists(b.Images) {
				t.Fatalf("got %v\n%s", err, subjects(plan))
			}
			if err := apply(t, plan); err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(b.Path())
			if err != nil || info.Mode().Perm() != 0o644 || !strings.HasSuffix(b.Path(), "/wiabctl-base-"+b.SHA256[:12]+".qcow2") {
				t.Errorf("%s: %v, %v", b.Path(), info, err)
			}
			if got, err := inspect(t.Context(), b.Path()); err != nil || got != "qcow2" {
				t.Errorf("its format is %s, %v", got, err)
			}
			if again, err := b.Plan(t.Context()); err != nil || len(again) > 0 {
				t.Errorf("planned again: %v\n%s", err, subjects(again))
			}
		})
	}
}

func TestBaseImageRefuses(t *testing.T) {
	backing := disk(t, "-f", "qcow2")
	wrong := image(t, disk(t, "-f", "raw"))
	wrong.SHA256 = sha([]byte("another"))
	tests := map[string]struct {
		image BaseImage
		want  error
	}{
		"layered on another file": {image(t, disk(t, "-f", "qcow2", "-F", "qcow2", "-b", backing)), ImageUnusable.Failf("")},
		"data in another file":    {image(t, disk(t, "-f", "qcow2", "-o", "data_file="+backing+".data")), ImageUnusable.Failf("")},
		"another format":          {image(t, disk(t, "-f", "vmdk")), ImageUnusable.Failf("")},
		"another digest":          {wrong, ArtifactDigest.Failf("")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			plan, err := test.image.Plan(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := apply(t, plan); !errors.Is(err, test.want) {
				t.Errorf("got %v", err)
			}
			if left, err := filepath.Glob(filepath.Join(test.image.Images, "*")); err != nil || left != nil {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

func TestBaseImagesAreToldApart(t *testing.T) {
	a, b := BaseImage{URL: "http://a/current.img"}, BaseImage{URL: "http://a/other.img"}
	c := BaseImage{URL: "http://a/current.img", SHA256: strings.Repeat("c", 64)}
	if a.Path() == b.Path() || a.Path() == c.Path() {
		t.Errorf("got %s, %s, %s", a.Path(), b.Path(), c.Path())
	}
}

func TestBaseImageRemove(t *testing.T) {
	b := image(t, disk(t, "-f", "qcow2"))
	plan, err := b.Plan(t.Context())
	if err != nil || apply(t, plan) != nil {
		t.Fatal(err)
	}
	foreign := write(t, filepath.Join(b.Images, "wiabctl-base-mine.qcow2"), nil)
	former := write(t, filepath.Join(b.Images, "wiabctl-base-0123456789ab.qcow2"), nil)
	plan, err = b.Remove(t.Context())
	if err != nil || len(plan) != 2 {
		t.Fatalf("got %v\n%s", err, subjects(plan))
	}
	if err := apply(t, plan); err != nil {
		t.Fatal(err)
	}
	if !exists(foreign) || exists(former) || exists(b.Path()) || !b.download().Held() {
		t.Error("the wrong files were removed")
	}
	b.Images += "x"
	if plan, err := b.Remove(t.Context()); err != nil || len(plan) > 0 {
		t.Errorf("on a bare host: %v\n%s", err, subjects(plan))
	}
}
