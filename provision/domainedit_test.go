package provision

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEdit(t *testing.T) {
	write := func(t *testing.T, content string) string {
		file := filepath.Join(t.TempDir(), "wiabctl.yaml")
		if err := os.WriteFile(file, []byte(content), 0o640); err != nil {
			t.Fatal(err)
		}
		return file
	}
	read := func(t *testing.T, file string) string {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	t.Run("keeps everything that was there, and its mode", func(t *testing.T) {
		file := write(t, smallest)
		for range 2 { // the second time it is there already
			if err := Adding(Domain{Domain: "red.example.com"}).Make(t.Context(), file); err != nil {
				t.Fatal(err)
			}
		}
		got := read(t, file)
		if !strings.HasPrefix(got, smallest) || strings.Count(got, "red.example.com") != 1 {
			t.Errorf("the file is now:\n%s", got)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o640 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
	})
	t.Run("takes away what it added", func(t *testing.T) {
		file := write(t, smallest+"domains:\n  # mine\n  - domain: blue.example.net\n")
		before := read(t, file)
		for _, edit := range []Edit{Adding(Domain{Domain: "Red.example.com"}), Removing("red.example.com")} {
			if err := edit.Make(t.Context(), file); err != nil {
				t.Fatal(err)
			}
		}
		if after := read(t, file); after != before {
			t.Errorf("the file is now:\n%s", after)
		}
	})
	t.Run("changes nothing to look", func(t *testing.T) {
		file := write(t, smallest)
		if config, err := Adding(Domain{Domain: "red.example.com"}).Check(t.Context(), file); err != nil || len(config.Ingress.Domains) != 1 || read(t, file) != smallest {
			t.Errorf("%v; the file is now:\n%s", err, read(t, file))
		}
	})
	t.Run("through a link", func(t *testing.T) {
		file := write(t, smallest)
		link := filepath.Join(t.TempDir(), "link.yaml")
		if err := os.Symlink(file, link); err != nil {
			t.Fatal(err)
		}
		if err := Adding(Domain{Domain: "red.example.com"}).Make(t.Context(), link); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Lstat(link); err != nil || info.Mode().IsRegular() || !strings.Contains(read(t, file), "red") {
			t.Error("the link was replaced instead of what it leads to")
		}
	})
	for name, domain := range map[string]string{
		"no domain at all": "a b", "the default domain": "green.example.org", "below a service of the default domain": "webapp.green.example.org",
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			file := write(t, smallest)
			if err := Adding(Domain{Domain: domain}).Make(t.Context(), file); err == nil {
				t.Error("it was taken")
			}
			if read(t, file) != smallest {
				t.Error("the file was changed")
			}
		})
	}
}
