package assets

import (
	"context"
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
		Store:  Store{Cache: filepath.Join(base, "cache"), Pins: Pins{filepath.Join(base, "pins")}},
		Images: filepath.Join(base, "images"),
	}
}

// placed is where the image lies.
func placed(t *testing.T, b BaseImage) string {
	t.Helper()
	path, err := b.Path()
	if err != nil {
		t.Fatal(err)
	}
	return path
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
			path := placed(t, b)
			info, err := os.Stat(path)
			if err != nil || info.Mode().Perm() != 0o644 || !strings.HasSuffix(path, "/wiabctl-base-"+b.SHA256[:12]+".qcow2") {
				t.Errorf("%s: %v, %v", path, info, err)
			}
			if got, err := inspect(t.Context(), path); err != nil || got != "qcow2" {
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
	page := image(t, write(t, filepath.Join(t.TempDir(), "page"), []byte(strings.Repeat("<html>not found</html>", 100))))
	page.SHA256 = ""
	tests := map[string]struct {
		image BaseImage
		want  error
	}{
		"layered on another file": {image(t, disk(t, "-f", "qcow2", "-F", "qcow2", "-b", backing)), ImageUnusable.Failf("")},
		"data in another file":    {image(t, disk(t, "-f", "qcow2", "-o", "data_file="+backing+".data")), ImageUnusable.Failf("")},
		"another format":          {image(t, disk(t, "-f", "vmdk")), ImageUnusable.Failf("")},
		"a web page":              {page, ImageUnusable.Failf("")},
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
			if _, held := test.image.Download().Held(); held && errors.Is(test.want, ImageUnusable.Failf("")) {
				t.Error("what cannot be used is still held")
			}
			if left, err := filepath.Glob(filepath.Join(test.image.Images, "*")); err != nil || left != nil {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

// Without a digest a raw image is taken for one when it could boot.
func TestBaseImageRawWithoutDigest(t *testing.T) {
	boot := make([]byte, 1<<20)
	boot[510], boot[511] = 0x55, 0xAA
	b := image(t, write(t, filepath.Join(t.TempDir(), "disk.img"), boot))
	b.SHA256 = ""
	plan, err := b.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := apply(t, plan); err != nil {
		t.Error(err)
	}
}

func held(b BaseImage) bool {
	_, held := b.Download().Held()
	return held
}

// Without qemu-img nothing is known of the image: it need not come again.
func TestBaseImageStaysHeldWithoutQemuImg(t *testing.T) {
	b := image(t, disk(t, "-f", "qcow2"))
	plan, err := b.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", t.TempDir())
	if err := apply(t, plan); !errors.Is(err, ImageUnusable.Failf("")) || !held(b) {
		t.Errorf("got %v, held %v", err, held(b))
	}
}

func TestCopiesEndWithContext(t *testing.T) {
	source := write(t, filepath.Join(t.TempDir(), "source"), []byte("content"))
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(errStalled)
	if err := copyFile(ended, source, source+".copy"); !errors.Is(err, errStalled) {
		t.Errorf("copy: got %v", err)
	}
	d := from(t, "file://"+source)
	if err := d.Cache.prepare(); err != nil {
		t.Fatal(err)
	}
	under, err := d.begin(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer under.close()
	write(t, d.Cache.part("earlier"), []byte("content"))
	if _, err := grow(ended, d.Cache.part("earlier")); !errors.Is(err, errStalled) {
		t.Errorf("what is there: got %v", err)
	}
	if err := under.pull(ended); !errors.Is(err, errStalled) {
		t.Errorf("download: got %v", err)
	}
}

// A disk that is still layered on the image keeps it.
func TestBaseImageInUseStays(t *testing.T) {
	for name, backing := range map[string]func(base string) string{
		"by its path": func(base string) string { return base },
		"by its name": filepath.Base,
		"by a JSON text": func(base string) string {
			return `json:{"driver":"qcow2","file":{"driver":"file","filename":"` + base + `"}}`
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := image(t, disk(t, "-f", "qcow2"))
			plan, err := b.Plan(t.Context())
			if err != nil || apply(t, plan) != nil {
				t.Fatal(err)
			}
			base := placed(t, b)
			plan, err = b.Remove(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			layered := filepath.Join(b.Images, "mine.img") // made after planning
			if out, err := exec.Command("qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", backing(base), layered).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if err := apply(t, plan); !errors.Is(err, ImageInUse.Failf("")) || !strings.Contains(err.Error(), layered) || !exists(base) {
				t.Fatalf("got %v", err)
			}
			if err := os.Remove(layered); err != nil {
				t.Fatal(err)
			}
			if err := apply(t, plan); err != nil || exists(base) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Images of different digests lie side by side, whatever their URLs.
func TestBaseImagesAreToldApart(t *testing.T) {
	a := BaseImage{URL: "http://a/current.img", SHA256: strings.Repeat("a", 64)}
	b := BaseImage{URL: "http://a/current.img", SHA256: strings.Repeat("b", 64)}
	if placed(t, a) == placed(t, b) || a.Download().Name == b.Download().Name {
		t.Errorf("both are %s", placed(t, a))
	}
	c, d := BaseImage{URL: "http://a/current.img"}, BaseImage{URL: "http://a/other.img"}
	if c.Download().Name == d.Download().Name {
		t.Errorf("both are %s in the cache", c.Download().Name)
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
	half := write(t, filepath.Join(b.Images, "wiabctl-base-0123456789ac.qcow2.part"), nil)
	plan, err = b.Remove(t.Context())
	if err != nil || len(plan) != 3 {
		t.Fatalf("got %v\n%s", err, subjects(plan))
	}
	if err := apply(t, plan); err != nil {
		t.Fatal(err)
	}
	if !exists(foreign) || exists(former) || exists(half) || exists(placed(t, b)) || !held(b) {
		t.Error("the wrong files were removed")
	}
	b.Images += "x"
	if plan, err := b.Remove(t.Context()); err != nil || len(plan) > 0 {
		t.Errorf("on a bare host: %v\n%s", err, subjects(plan))
	}
}
