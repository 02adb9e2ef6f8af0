package assets

import (
	"os"
	"path/filepath"
	"testing"
)

func TestArtifactAfterAnInterruption(t *testing.T) {
	tests := map[string]func(t *testing.T, a Artifact){
		"directory just made": func(t *testing.T, a Artifact) {
			if err := os.Mkdir(a.Dir()+".part", 0o755); err != nil {
				t.Fatal(err)
			}
		},
		"half unpacked": func(t *testing.T, a Artifact) {
			write(t, filepath.Join(a.Dir()+".part", unfinished), nil)
			write(t, a.Dir()+".part/bin/stale", nil)
		},
		"before the rename": func(t *testing.T, a Artifact) {
			write(t, filepath.Join(a.Dir()+".part", marker), []byte(`{"hash": "`+someHash+`"}`))
		},
		"the version was removed, not the link": func(t *testing.T, a Artifact) {
			if err := os.Symlink(filepath.Base(a.Dir()), a.Link()); err != nil {
				t.Fatal(err)
			}
		},
		"before the link was switched": func(t *testing.T, a Artifact) {
			if err := os.Symlink(filepath.Base(a.Dir()), a.Link()+".part"); err != nil {
				t.Fatal(err)
			}
		},
		"half downloaded": func(t *testing.T, a Artifact) { write(t, a.Download().Cache.part(a.Download().Name), []byte("half")) },
	}
	for name, interrupt := range tests {
		t.Run(name, func(t *testing.T) {
			a := artifact(t, small(t))
			interrupt(t, a)
			install(t, a)
			if exists(filepath.Join(a.Link(), "bin/stale")) {
				t.Error("what was half unpacked is still there")
			}
		})
	}
}
