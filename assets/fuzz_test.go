package assets

import (
	"archive/tar"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
