package assets

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// unpacked unpacks an archive into a directory beside which nothing may appear.
func unpacked(t *testing.T, archive []byte) (string, error) {
	t.Helper()
	base := t.TempDir()
	dir := filepath.Join(base, "tree")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	err := unpack(t.Context(), bytes.NewReader(archive), sized(archive), dir, os.Geteuid(), os.Getegid(), nil)
	beside, readErr := os.ReadDir(base)
	if readErr != nil || len(beside) != 1 {
		t.Errorf("beside the tree: %v, %v", beside, readErr)
	}
	return dir, err
}

// sized tells the size of an archive that is there.
func sized(archive []byte) func() int64 { return func() int64 { return int64(len(archive)) } }

// listing has a line for everything in dir: mode, path, and what a link leads to.
func listing(t *testing.T, dir string) []string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		line := info.Mode().String() + " " + rel
		if target, err := os.Readlink(path); err == nil {
			line = "-> " + target + " " + rel
		}
		lines = append(lines, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestUnpack(t *testing.T) {
	tests := map[string]struct {
		entries []entry
		want    []string
	}{
		"files and directories": {
			[]entry{member(tar.TypeDir, "./"), member(tar.TypeDir, "./a/"), text("./a/b", "x")},
			[]string{"drwxr-xr-x a", "-rw-r--r-- a/b"},
		},
		"directories that are not named": {[]entry{text("a/b/c", "x")}, []string{"drwxr-xr-x a", "drwxr-xr-x a/b", "-rw-r--r-- a/b/c"}},
		"nobody else may write": {
			[]entry{mode(member(tar.TypeDir, "d"), 0o777), mode(text("f", ""), 0o666), mode(text("x", ""), 0o777)},
			[]string{"drwxrwxr-x d", "-rw-rw-r-- f", "-rwxrwxr-x x"},
		},
		"no set-user-id, no sticky":      {[]entry{mode(text("f", ""), 0o6755), mode(member(tar.TypeDir, "d"), 0o3777)}, []string{"drwxrwxr-x d", "-rwxr-xr-x f"}},
		"the owner can always read":      {[]entry{mode(member(tar.TypeDir, "d"), 0), mode(text("d/f", ""), 0)}, []string{"drwx------ d", "-rw------- d/f"}},
		"links within":                   {[]entry{text("a/b", "x"), link("a/c", "b"), link("d/e", "../a/b")}, []string{"drwxr-xr-x a", "-rw-r--r-- a/b", "-> b a/c", "drwxr-xr-x d", "-> ../a/b d/e"}},
		"a link that leads nowhere yet":  {[]entry{link("a", "later"), text("later", "")}, []string{"-> later a", "-rw-r--r-- later"}},
		"hard link":                      {[]entry{text("a", "x"), hard("b/c", "a")}, []string{"-rw-r--r-- a", "drwxr-xr-x b", "-rw-r--r-- b/c"}},
		"the later of a name":            {[]entry{text("a", "1"), mode(text("a", "2"), 0o600)}, []string{"-rw------- a"}},
		"a file in the place of a link":  {[]entry{link("a", "b"), text("a", "x"), text("b", "y")}, []string{"-rw-r--r-- a", "-rw-r--r-- b"}},
		"a directory named twice":        {[]entry{member(tar.TypeDir, "d"), text("d/a", ""), mode(member(tar.TypeDir, "d"), 0o700)}, []string{"drwx------ d", "-rw-r--r-- d/a"}},
		"global header of git":           {[]entry{{tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "x"}}, ""}, text("a", "")}, []string{"-rw-r--r-- a"}},
		"two dots that are no directory": {[]entry{text("a..b/..c", "")}, []string{"drwxr-xr-x a..b", "-rw-r--r-- a..b/..c"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir, err := unpacked(t, tgz(t, test.entries...))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, listing(t, dir)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUnpackRefusesHostileArchives(t *testing.T) {
	device := func(h *tar.Header) { h.Devmajor, h.Devminor = 1, 3 }
	tests := map[string][]entry{
		"absolute path":                   {text("/etc/evil", "x")},
		"up and out":                      {text("../evil", "x")},
		"down, up and out":                {text("a/../../evil", "x")},
		"two dots at the end":             {member(tar.TypeDir, "a/..")},
		"backslashes":                     {text(`..\evil`, "x")},
		"a line break in the name":        {text("a\nb", "x")},
		"the tree itself a file":          {text(".", "x")},
		"link to an absolute path":        {link("a", "/etc/passwd")},
		"link up and out":                 {link("a", "../evil")},
		"link from below and out":         {link("a/b", "../../evil")},
		"link down and up":                {text("a/b", ""), link("c", "a/../../evil")},
		"link to nothing":                 {link("a", "")},
		"file below a link":               {link("a", "."), text("a/evil", "x")},
		"file below a link to above":      {member(tar.TypeDir, "d/e"), link("d/e/up", "../.."), text("d/e/up/evil", "x")},
		"directory below a link":          {member(tar.TypeDir, "d"), link("l", "d"), member(tar.TypeDir, "l/x")},
		"link below a link, then out":     {member(tar.TypeDir, "x"), link("p/q/s", "../../x"), link("p/q/s/l", "../../f")},
		"directory in a link's place":     {link("a", "b"), member(tar.TypeDir, "a")},
		"link in a directory's place":     {member(tar.TypeDir, "a"), link("a", "b")},
		"hard link to an absolute path":   {hard("a", "/etc/passwd")},
		"hard link out":                   {hard("a", "../evil")},
		"hard link to a link":             {link("d/a", "../x"), hard("b", "d/a")},
		"hard link to nothing":            {hard("a", "b")},
		"hard link below a link":          {text("d/f", ""), link("l", "d"), hard("a", "l/f")},
		"hard link to a directory":        {member(tar.TypeDir, "d"), hard("a", "d")},
		"character device":                {member(tar.TypeChar, "null", device)},
		"block device":                    {member(tar.TypeBlock, "sda", device)},
		"pipe":                            {member(tar.TypeFifo, "p")},
		"contiguous file":                 {member(tar.TypeCont, "c")},
		"unknown type":                    {member('Z', "z")},
		"link loop is no way to go below": {link("a", "a"), text("a/b", "")},
	}
	for name, entries := range tests {
		t.Run(name, func(t *testing.T) {
			dir, err := unpacked(t, tgz(t, entries...))
			if !errors.Is(err, ArtifactUnsafe.Failf("")) {
				t.Errorf("got %v, want artifact-unsafe", err)
			}
			if found, _ := filepath.Glob(filepath.Join(dir, "*evil*")); found != nil {
				t.Errorf("found %v", found)
			}
		})
	}
}

func TestUnpackRefusesBrokenArchives(t *testing.T) {
	whole := tgz(t, text("a", strings.Repeat("0123456789", 5000)), text("b", "x"))
	flipped := append([]byte{}, whole...)
	flipped[len(flipped)-6] ^= 1 // in the checksum
	tests := map[string][]byte{
		"empty":          {},
		"HTML":           []byte("<html>not found</html>"),
		"cut short":      whole[:len(whole)/2],
		"without end":    whole[:len(whole)-8],
		"wrong checksum": flipped,
		"trailing waste": append(append([]byte{}, whole...), "waste"...),
	}
	for name, archive := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := unpacked(t, archive); !errors.Is(err, ArtifactCorrupt.Failf("")) {
				t.Errorf("got %v, want artifact-corrupt", err)
			}
		})
	}
}

func TestUnpackBoundsSize(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	small := &tree{root: root, uid: os.Geteuid(), gid: os.Getegid(), links: map[string]bool{}, left: 10}
	err = small.fill(strings.NewReader(string(tgz(t, text("a", "12345"), text("b", "123456")))))
	if err = classify("/dir", err); !errors.Is(err, NoSpace.Failf("")) {
		t.Errorf("got %v, want no-space", err)
	}
}

func TestUnpackEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stopped by the test")
	cancel(stop)
	archive := small(t)
	if err := unpack(ctx, bytes.NewReader(archive), sized(archive), t.TempDir(), os.Geteuid(), os.Getegid(), nil); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}
