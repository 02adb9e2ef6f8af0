package assets

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wiabctl/provision/change"
)

// stored are two downloads of one store, and how often they were asked for.
func stored(t *testing.T) (Store, []Download, func() int32) {
	t.Helper()
	first, asked := download(t, good)
	base := t.TempDir()
	s := Store{Cache: filepath.Join(base, "cache"), Pins: Pins{filepath.Join(base, "pins")}}
	return s, []Download{
		s.download("artifact", "artifact-x.tgz", "", first.URLs[0]),
		s.download("base image", "image-y.img", sha(payload), first.URLs[0]+"?image"),
	}, asked.Load
}

func fetchAll(t *testing.T, downloads ...Download) {
	t.Helper()
	for _, d := range downloads {
		if _, _, err := d.Fetch(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
}

func entries(t *testing.T, s Store) []Entry {
	t.Helper()
	all, err := Cache{s.Cache}.Entries(s.Pins)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestBundleServesAnotherHost(t *testing.T) {
	s, downloads, asked := stored(t)
	bundle := Bundle{filepath.Join(t.TempDir(), "100% of it #1?")}
	for range 2 { // also again
		plan, err := bundle.Plan(downloads...)
		if err != nil || len(plan) != 3 {
			t.Fatalf("got %v\n%s", err, subjects(plan))
		}
		if err := apply(t, plan); err != nil {
			t.Fatal(err)
		}
	}
	sums, err := os.ReadFile(filepath.Join(bundle.Dir, "SHA256SUMS"))
	if want := sha(payload) + "  artifact-x.tgz\n" + sha(payload) + "  image-y.img\n"; err != nil || string(sums) != want {
		t.Errorf("got %s, %v", sums, err)
	}
	before := asked()

	far := s
	far.Cache, far.Pins, far.Source = filepath.Join(t.TempDir(), "cache"), Pins{t.TempDir()}, bundle.Dir
	there := far.download("artifact", "artifact-x.tgz", "", downloads[0].URLs[0])
	fetchAll(t, there)
	if asked() != before {
		t.Error("the internet was asked")
	}
	if _, held := there.Held(); !held {
		t.Error("it is not held")
	}
}

func TestBundleRefuses(t *testing.T) {
	_, downloads, _ := stored(t)
	bundle := Bundle{filepath.Join(t.TempDir(), "bundle")}
	plan, err := bundle.Plan(downloads...)
	if err != nil || apply(t, plan) != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		spoil func(t *testing.T, dir string)
		name  string
		want  error
	}{
		"not there":       {func(t *testing.T, dir string) { must(t, os.RemoveAll(dir)) }, "artifact-x.tgz", BundleUnusable.Failf("")},
		"without digests": {func(t *testing.T, dir string) { must(t, os.Remove(dir+"/SHA256SUMS")) }, "artifact-x.tgz", BundleUnusable.Failf("")},
		"another list":    {func(t *testing.T, dir string) { write(t, dir+"/SHA256SUMS", []byte("artifact-x.tgz\n")) }, "artifact-x.tgz", BundleUnusable.Failf("")},
		"of another one":  {func(*testing.T, string) {}, "artifact-z.tgz", BundleUnusable.Failf("")},
		"altered":         {func(t *testing.T, dir string) { write(t, dir+"/artifact-x.tgz", payload[1:]) }, "artifact-x.tgz", ArtifactDigest.Failf("")},
		"lacks the file":  {func(t *testing.T, dir string) { must(t, os.Remove(dir+"/artifact-x.tgz")) }, "artifact-x.tgz", DownloadFailed.Failf("")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			copied := filepath.Join(t.TempDir(), "bundle")
			must(t, os.CopyFS(copied, os.DirFS(bundle.Dir)))
			test.spoil(t, copied)
			far := Store{Cache: t.TempDir(), Pins: Pins{t.TempDir()}, Source: copied}
			if _, _, err := far.download("artifact", test.name, "", "http://198.51.100.1/never").Fetch(t.Context(), nil); !errors.Is(err, test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	write(t, filepath.Join(bundle.Dir, "letter.txt"), nil)
	if _, err := bundle.Plan(downloads...); !errors.Is(err, BundleUnusable.Failf("")) || !strings.Contains(err.Error(), "letter.txt") {
		t.Errorf("somebody else's directory: %v", err)
	}
}

// A link that somebody laid in the way is not followed.
func TestBundleFollowsNoLink(t *testing.T) {
	_, downloads, _ := stored(t)
	dir := t.TempDir()
	precious := write(t, filepath.Join(t.TempDir(), "precious"), []byte("precious"))
	must(t, os.Symlink(precious, filepath.Join(dir, downloads[0].Name+".part")))
	plan, err := Bundle{dir}.Plan(downloads...)
	if err != nil || apply(t, plan) != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(precious); err != nil || string(content) != "precious" {
		t.Errorf("what the link leads to is %q, %v", content, err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestEntries(t *testing.T) {
	s, downloads, _ := stored(t)
	if got := entries(t, s); len(got) > 0 {
		t.Errorf("of nothing: %v", got)
	}
	fetchAll(t, downloads[0])
	write(t, Cache{s.Cache}.part("artifact-old.tgz"), []byte("half"))
	write(t, filepath.Join(s.Cache, "sha256", "README"), nil)
	got := entries(t, s)
	if len(got) != 2 || got[0].Name != "artifact-x.tgz" || got[0].SHA256 != sha(payload) || got[0].Size != int64(len(payload)) ||
		got[1].Name != "artifact-old.tgz" || got[1].SHA256 != "" || got[1].Size != 4 {
		t.Errorf("got %+v", got)
	}
}

func TestVerify(t *testing.T) {
	s, downloads, _ := stored(t)
	fetchAll(t, downloads[0])
	cache, entry := Cache{s.Cache}, entries(t, s)[0]
	if err := cache.Verify(t.Context(), entry, nil); err != nil {
		t.Error(err)
	}
	write(t, cache.file(entry.SHA256), append(payload[1:], 'x'))
	if err := cache.Verify(t.Context(), entry, nil); !errors.Is(err, ArtifactCorrupt.Failf("")) {
		t.Errorf("got %v", err)
	}
	if _, held := downloads[0].Held(); held {
		t.Error("it is still held")
	}
}

func TestPrune(t *testing.T) {
	s, downloads, _ := stored(t)
	fetchAll(t, downloads[0])
	cache := Cache{s.Cache}
	write(t, cache.file(sha([]byte("old"))), []byte("old"))
	write(t, cache.part("artifact-old.tgz"), []byte("half"))
	write(t, cache.part("image-y.img"), []byte("half"))
	foreign := write(t, filepath.Join(s.Cache, "sha256", "README"), nil)
	busy, err := cache.lock(t.Context(), "artifact-old.tgz", nil)
	must(t, err)

	plan, err := cache.Prune(s.Pins, downloads...)
	if err != nil || len(plan) != 2 {
		t.Fatalf("got %v\n%s", err, subjects(plan))
	}
	if err := apply(t, plan); !errors.Is(err, CacheBusy.Failf("")) {
		t.Errorf("while it comes: %v", err)
	}
	must(t, busy())
	must(t, apply(t, plan))
	if left := entries(t, s); len(left) != 2 || !exists(foreign) {
		t.Errorf("left: %v", left)
	}
	plan, err = cache.Prune(s.Pins)
	if err != nil || len(plan) != 2 || apply(t, plan) != nil || len(entries(t, s)) > 0 {
		t.Errorf("all: %v\n%s", err, subjects(plan))
	}
}

func TestCacheRemove(t *testing.T) {
	s, downloads, _ := stored(t)
	cache := Cache{s.Cache}
	if plan := cache.Remove(); len(plan) > 0 {
		t.Errorf("of nothing: %s", subjects(plan))
	}
	for name, other := range map[string]string{
		"ours alone":        "",
		"beside it":         "photo.jpg",
		"among whole files": "sha256/photo.jpg",
		"among parts":       "parts/bicycle/photo.jpg",
	} {
		t.Run(name, func(t *testing.T) {
			fetchAll(t, downloads...)
			write(t, cache.note("x"), nil)
			write(t, filepath.Join(cache.parts(), ".x.json4711"), nil) // one that did not come to its name
			other := filepath.Join(s.Cache, other)
			if other != s.Cache {
				must(t, os.MkdirAll(filepath.Dir(other), 0o755))
				write(t, other, nil)
				defer os.RemoveAll(s.Cache)
			}
			must(t, apply(t, cache.Remove()))
			var left []string
			must(t, filepath.WalkDir(filepath.Dir(s.Cache), func(path string, e fs.DirEntry, err error) error {
				if err == nil && !e.IsDir() && strings.HasPrefix(path, s.Cache+"/") {
					left = append(left, path)
				}
				return err
			}))
			if exists(s.Cache) != (other != s.Cache) || other != s.Cache && !slices.Equal(left, []string{other}) {
				t.Errorf("left are %q in %s", left, s.Cache)
			}
		})
	}
}

func TestStoreValidate(t *testing.T) {
	tests := map[string]struct {
		store Store
		wrong string
	}{
		"default":         {Store{}, ""},
		"elsewhere":       {Store{Cache: "/srv/cache", Source: "/media/wire"}, ""},
		"relative cache":  {Store{Cache: "cache"}, "cache"},
		"the root":        {Store{Cache: "//"}, "cache"},
		"relative source": {Store{Source: "wire"}, "source"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.store.Defaults()
			err := test.store.Validate()
			invalid := (*change.Invalid)(nil)
			if test.wrong == "" && err != nil || test.wrong != "" && (!errors.As(err, &invalid) || invalid.Path != test.wrong) {
				t.Errorf("got %v, want %q", err, test.wrong)
			}
		})
	}
}

func TestParseSums(t *testing.T) {
	a, b := strings.Repeat("a", 64), strings.Repeat("b", 64)
	tests := map[string]struct {
		text string
		want string // the digest of x, "" where it is refused
	}{
		"text":                   {a + "  x\n", a},
		"binary":                 {a + " *x\n", a},
		"several":                {b + "  y\n\n" + a + "  x\r\n", a},
		"without line break":     {a + "  x", a},
		"twice the same":         {a + "  x\n" + a + "  x\n", a},
		"twice another":          {a + "  x\n" + b + "  x\n", ""},
		"nothing":                {"\n", ""},
		"a web page":             {"<html>\n", ""},
		"one blank":              {a + " x\n", ""},
		"no name":                {a + "  \n", ""},
		"upper case":             {strings.ToUpper(a) + "  x\n", ""},
		"another kind of digest": {a[:40] + "  x\n", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			sums, err := parseSums([]byte(test.text))
			if sums["x"] != test.want || (err == nil) != (test.want != "") {
				t.Errorf("got %v, %v", sums, err)
			}
		})
	}
}

func TestReadURL(t *testing.T) {
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		most   int64
		fails  bool
	}{
		"whole":     {good, int64(len(payload)), false},
		"too large": {good, int64(len(payload)) - 1, true},
		"not found": {http.NotFound, 10, true},
		"empty":     {func(http.ResponseWriter, *http.Request) {}, 10, true},
	} {
		t.Run(name, func(t *testing.T) {
			d, requests := download(t, test.answer)
			content, err := readURL(t.Context(), d.URLs[0], test.most, nil)
			if test.fails != errors.Is(err, DownloadFailed.Failf("")) || !test.fails && string(content) != string(payload) {
				t.Errorf("got %d bytes, %v", len(content), err)
			}
			if requests.Load() != 1 {
				t.Errorf("%d requests", requests.Load())
			}
		})
	}
}
