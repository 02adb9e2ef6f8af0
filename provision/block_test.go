package provision

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wiabctl/provision/change"
)

func TestWithBlock(t *testing.T) {
	ours := blockBegin + "\n10.0.0.1 kubenode1\n" + blockEnd + "\n"
	older := blockBegin + "\n10.0.0.9 kubenode1\n10.0.0.8 gone\n" + blockEnd + "\n"
	tests := []struct{ name, content, want string }{
		{"into an empty file", "", ours},
		{"at the end", "127.0.0.1 localhost\n", "127.0.0.1 localhost\n" + ours},
		{"after a last line without its end", "127.0.0.1 localhost", "127.0.0.1 localhost\n" + ours},
		{"in the place of an older one", "a\n" + older + "b kubenode1 foreign\n", "a\n" + ours + "b kubenode1 foreign\n"},
		{"whose end has no line end", "a\n" + strings.TrimSuffix(older, "\n"), "a\n" + ours},
		{"where a line only speaks of it", "# was " + blockBegin + "\n", "# was " + blockBegin + "\n" + ours},
		{"as it is", "a\n" + ours + "b\n", "a\n" + ours + "b\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := block{Lines: []string{"10.0.0.1 kubenode1"}}.within([]byte(test.content))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
			gone, err := block{}.within(got)
			if err != nil {
				t.Fatal(err)
			}
			without := string(gone)
			if strings.Contains("\n"+without, "\n"+blockBegin) || strings.Contains(without, "10.0.0.1") {
				t.Errorf("after removal:\n%s", without)
			}
		})
	}
}

func TestBlockWithoutItsEnd(t *testing.T) {
	for name, content := range map[string]string{
		"others' lines behind it": blockBegin + "\n10.0.0.1 kubenode1\n10.9.9.9 foreign\n",
		"cut off":                 "a\n" + blockBegin,
		"an end that is none":     blockBegin + "\n10.9.9.9 foreign " + blockEnd + "\n",
	} {
		got, err := (block{File: "/etc/my hosts"}).within([]byte(content))
		if found := change.Failures(err); len(found) != 1 || found[0].ID != BlockBroken.ID || found[0].Remedy != "sudoedit '/etc/my hosts'" {
			t.Errorf("%s: got %q, %v; a foreign line behind it would be lost", name, got, err)
		}
	}
}

func TestBlockPlan(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hosts")
	if err := os.WriteFile(file, []byte("127.0.0.1 localhost # kubenode1\n"), 0o604); err != nil {
		t.Fatal(err)
	}
	b := block{File: file, Lines: []string{"10.0.0.1 kubenode1"}, Why: "names"}
	changes, err := b.plan()
	if err != nil || len(changes) != 1 {
		t.Fatalf("%v, %v", changes, err)
	}
	// Somebody else writes between plan and apply.
	if err := os.WriteFile(file, []byte("127.0.0.1 localhost # kubenode1\n1.2.3.4 new\n"), 0o604); err != nil {
		t.Fatal(err)
	}
	if err := changes[0].Apply(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if changes, err = b.plan(); err != nil || len(changes) != 0 {
		t.Errorf("planned again: %v, %v", changes, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o604 {
		t.Errorf("mode %v, %v: the file's own mode has to stay", info.Mode(), err)
	}
	if changes, err = b.remove(); err != nil || len(changes) != 1 {
		t.Fatalf("removal: %v, %v", changes, err)
	}
	if err := changes[0].Apply(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if err != nil || string(content) != "127.0.0.1 localhost # kubenode1\n1.2.3.4 new\n" {
		t.Errorf("after removal: %q, %v", content, err)
	}
}
