package assets

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseSums(t *testing.T) {
	a, b := strings.Repeat("a", 64), strings.Repeat("b", 64)
	tests := map[string]struct {
		text string
		want sums
		says string
	}{
		"text":                   {a + "  disk.img\n", sums{"disk.img": a}, ""},
		"binary":                 {a + " *disk.img\n" + b + " *disk.vmdk\n", sums{"disk.img": a, "disk.vmdk": b}, ""},
		"no end of line":         {a + "  disk.img", sums{"disk.img": a}, ""},
		"capital digits":         {strings.ToUpper(a) + "  disk.img\n", sums{"disk.img": a}, ""},
		"a name with blanks":     {a + "  my disk.img\n", sums{"my disk.img": a}, ""},
		"in the same directory":  {a + "  ./disk.img\n", sums{"disk.img": a}, ""},
		"an empty line":          {"\n" + a + "  disk.img\n\n", sums{"disk.img": a}, ""},
		"the same twice":         {strings.Repeat(a+"  disk.img\n", 2), sums{"disk.img": a}, ""},
		"two digests for a name": {a + "  disk.img\n" + b + " *disk.img\n", nil, `line 2 gives "disk.img" another digest`},
		"nothing":                {"\n", nil, "lists no file"},
		"a web page":             {"<html>\n", nil, "line 1"},
		"a short digest":         {a + "  x\n" + a[1:] + "  disk.img\n", nil, "line 2"},
		"another algorithm":      {a + a + "  disk.img\n", nil, "line 1"},
		"one blank":              {a + " disk.img\n", nil, "line 1"},
		"no name":                {a + "  \n", nil, "line 1 names no file"},
		"a directory's name":     {a + "  ./\n", nil, "line 1 names no file"},
		"a digest alone":         {a + "\n", nil, "line 1"},
		"a signed text":          {"-----BEGIN PGP SIGNED MESSAGE-----\n" + a + "  disk.img\n", nil, "line 1"},
		"an enormous line":       {strings.Repeat("a", 1<<20), nil, "too long"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parseSums([]byte(test.text))
			if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want %q", err, test.says)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzParseSums(f *testing.F) {
	f.Add([]byte(strings.Repeat("a", 64) + "  disk.img\n" + strings.Repeat("B", 64) + " *./x y\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		found, err := parseSums(text)
		if err != nil {
			return
		}
		var again strings.Builder // what was understood can be written down and understood again
		for name, digest := range found {
			if name == "" || !hash64.MatchString(digest) {
				t.Errorf("%q has the digest %q", name, digest)
			}
			fmt.Fprintf(&again, "%s  ./%s\n", digest, name)
		}
		back, err := parseSums([]byte(again.String()))
		if diff := cmp.Diff(found, back); err != nil || diff != "" {
			t.Errorf("%v: %s", err, diff)
		}
	})
}
