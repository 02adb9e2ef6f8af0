package assets

import (
	"archive/tar"
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func FuzzMemberPath(f *testing.F) {
	for _, seed := range [][2]string{{"a/b", "../c"}, {"../a", "/x"}, {"./a//b/", "."}, {"a", "b/../.."}, {"..", "x"}, {"", ""}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, name, target string) {
		place, err := memberPath(name)
		if err != nil {
			return
		}
		if !filepath.IsLocal(place) || filepath.Clean(place) != place {
			t.Errorf("%q was taken as %q", name, place)
		}
		if symlinkTarget(place, target) != nil {
			return
		}
		if end := filepath.Join(filepath.Dir(place), target); filepath.IsAbs(target) || !filepath.IsLocal(end) {
			t.Errorf("a link at %q to %q was taken: it leads to %q", place, target, end)
		}
	})
}

// FuzzUnpack shows that nothing is ever made outside the tree, and that no link
// in it leads out.
func FuzzUnpack(f *testing.F) {
	f.Add("a/b", "../c", "a/b/d", byte(tar.TypeSymlink), byte(tar.TypeReg))
	f.Add("p/q/s", "../../x", "p/q/s/l", byte(tar.TypeSymlink), byte(tar.TypeSymlink))
	f.Add("a", "x", "b", byte(tar.TypeSymlink), byte(tar.TypeLink))
	f.Fuzz(func(t *testing.T, first, target, second string, kind1, kind2 byte) {
		base := t.TempDir()
		dir := filepath.Join(base, "tree")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		root, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		tree := &tree{root: root, uid: os.Geteuid(), gid: os.Getegid(), links: map[string]bool{}, left: 1 << 20}
		for _, h := range []*tar.Header{
			{Typeflag: tar.TypeReg, Name: "x/file"},
			{Typeflag: kind1, Name: first, Linkname: target},
			{Typeflag: kind2, Name: second, Linkname: target},
			{Typeflag: tar.TypeReg, Name: second + "/deeper"},
		} {
			_ = tree.add(h, strings.NewReader("")) // refusals are fine
		}
		if beside, err := os.ReadDir(base); err != nil || len(beside) != 1 {
			t.Fatalf("beside the tree: %v, %v", beside, err)
		}
		for place := range tree.links {
			end, err := filepath.EvalSymlinks(filepath.Join(dir, place))
			if err == nil && end != dir && !strings.HasPrefix(end, dir+"/") {
				t.Errorf("%s leads to %s", place, end)
			}
		}
	})
}

// FuzzContentRange shows that a range is understood only as it was asked for: to the
// file's last byte.
func FuzzContentRange(f *testing.F) {
	for _, seed := range []string{"bytes 5-9/10", "bytes 5-9/*", "bytes */10", "bytes 0-0/1", "items 1-2/3", "bytes 9-5/10", "bytes -1-5/6", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		first, total, err := contentRange(header)
		if err == nil && (first < 0 || total < 0 || total > 0 && first >= total) {
			t.Errorf("%q was taken for byte %d of %d", header, first, total)
		}
	})
}

// FuzzTransfer shows that what is kept is what the server has in the end, whatever it
// answered before: any part from an earlier run, any break, ranges or not.
func FuzzTransfer(f *testing.F) {
	f.Add([]byte("abcdefgh"), []byte("abcd"), uint8(3), true)
	f.Add([]byte("abcdefgh"), []byte("abXd"), uint8(5), false)
	f.Add([]byte("ab"), []byte("abcd"), uint8(0), true)
	f.Fuzz(func(t *testing.T, content, part []byte, stop uint8, ranges bool) {
		if len(content) == 0 {
			return
		}
		first := true
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !ranges {
				r.Header.Del("Range")
			}
			if first { // breaks off
				first = false
				w.Header().Set("Content-Length", strconv.Itoa(len(content)))
				_, _ = w.Write(content[:min(int(stop), len(content))])
				return
			}
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
		}))
		defer server.Close()
		d := from(t, server.URL)
		d.SHA256, d.Patience = sha(content), time.Minute
		write(t, d.Cache.part(d.Name), part)
		var got bytes.Buffer
		if _, err := d.Follow(t.Context(), nil, reads(&got)); err != nil || !bytes.Equal(got.Bytes(), content) {
			t.Errorf("got %q of %q, %v", got.Bytes(), content, err)
		}
	})
}

func FuzzParseSums(f *testing.F) {
	f.Add([]byte(strings.Repeat("a", 64) + "  x\n" + strings.Repeat("b", 64) + " *y\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		sums, err := parseSums(text)
		for name, sum := range sums {
			if err != nil || name == "" || !hash64.MatchString(sum) {
				t.Errorf("%q has %q, %v", name, sum, err)
			}
		}
	})
}
