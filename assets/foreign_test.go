package assets

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestArtifactForeign(t *testing.T) {
	tests := map[string]func(t *testing.T, a Artifact) error{
		"a directory": func(_ *testing.T, a Artifact) error { return os.Mkdir(a.Link(), 0o755) },
		"a file":      func(_ *testing.T, a Artifact) error { return os.WriteFile(a.Link(), nil, 0o644) },
		"a link elsewhere": func(t *testing.T, a Artifact) error {
			return os.Symlink(t.TempDir(), a.Link())
		},
		"a link to nowhere": func(_ *testing.T, a Artifact) error { return os.Symlink("gone", a.Link()) },
		"a link to an unmarked version": func(t *testing.T, a Artifact) error {
			write(t, filepath.Join(a.Dir(), "x"), nil)
			return os.Symlink(filepath.Base(a.Dir()), a.Link())
		},
		"an unmarked version":    func(t *testing.T, a Artifact) error { write(t, filepath.Join(a.Dir(), "x"), nil); return nil },
		"an unmarked part":       func(t *testing.T, a Artifact) error { write(t, a.Dir()+".part/x", nil); return nil },
		"a version that is file": func(t *testing.T, a Artifact) error { write(t, a.Dir(), nil); return nil },
		"another's marker": func(t *testing.T, a Artifact) error {
			write(t, filepath.Join(a.Dir(), marker), []byte(`{"hash": "x"}`))
			return nil
		},
	}
	for name, disturb := range tests {
		t.Run(name, func(t *testing.T) {
			a := artifact(t, small(t))
			plan, err := a.Plan(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := disturb(t, a); err != nil {
				t.Fatal(err)
			}
			before := listing(t, a.Home)
			if _, err := a.Plan(t.Context()); !errors.Is(err, ArtifactForeign.Failf("")) {
				t.Errorf("plan: got %v", err)
			}
			if err := apply(t, plan); !errors.Is(err, ArtifactForeign.Failf("")) {
				t.Errorf("apply: got %v", err)
			}
			if after := listing(t, a.Home); strings.Join(after, "\n") != strings.Join(before, "\n") {
				t.Errorf("it was changed from %v to %v", before, after)
			}
		})
	}
}
