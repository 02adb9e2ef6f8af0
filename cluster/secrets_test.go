package cluster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wiabctl/provision/change"
)

// madeSecrets is the stage after offline-secrets.sh has run and its products are kept.
func madeSecrets(t *testing.T) Secrets {
	t.Helper()
	s := Secrets{Admin: testAdmin(t), Store: filepath.Join(t.TempDir(), "secrets")}
	for _, name := range products() {
		// The script leaves them readable for all.
		if err := s.Admin.Write(t.Context(), name, []byte("SECRET of "+name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSecretsAreMadeOnce(t *testing.T) {
	s := Secrets{Admin: testAdmin(t), Store: filepath.Join(t.TempDir(), "secrets")}
	changes, err := s.planSecrets(t.Context())
	if err != nil || len(changes) != 1 || changes[0].Verb != change.Run {
		t.Fatalf("without secrets: %v, %v; want the script", changes, err)
	}
	s = madeSecrets(t)
	if changes, err = s.planSecrets(t.Context()); err != nil || len(changes) != 0 {
		t.Errorf("with secrets: %v, %v; the script must never run again", changes, err)
	}
	for _, file := range []string{filepath.Join(s.Store, products()[0]), filepath.Join(s.Admin.Dir, products()[0])} {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v; want 0600", file, info.Mode(), err)
		}
	}
}

func TestSecretsComeBack(t *testing.T) {
	tests := []struct {
		name string
		harm func(s Secrets) error
	}{
		{"deleted", func(s Secrets) error { return os.Remove(filepath.Join(s.Admin.Dir, products()[1])) }},
		{"altered", func(s Secrets) error {
			return os.WriteFile(filepath.Join(s.Admin.Dir, products()[1]), []byte("OTHER"), 0o600)
		}},
		{"gone with the whole tree", func(s Secrets) error { return os.RemoveAll(filepath.Join(s.Admin.Dir, "values")) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := madeSecrets(t)
			if err := test.harm(s); err != nil {
				t.Fatal(err)
			}
			changes, err := s.planSecrets(t.Context())
			if err != nil || len(changes) == 0 {
				t.Fatalf("%v, %v", changes, err)
			}
			for _, c := range changes {
				if strings.Contains(c.String(), "SECRET") || strings.Contains(c.String(), "OTHER") {
					t.Errorf("the plan shows a secret: %s", c)
				}
				if err := c.Apply(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
			}
			content, err := s.Admin.Read(t.Context(), products()[1])
			if err != nil || string(content) != "SECRET of "+products()[1] {
				t.Errorf("now %q, %v", content, err)
			}
			if changes, err = s.planSecrets(t.Context()); err != nil || len(changes) != 0 {
				t.Errorf("planned again: %v, %v", changes, err)
			}
		})
	}
}

func TestSecretsIncompleteStore(t *testing.T) {
	s := madeSecrets(t)
	if err := os.Remove(filepath.Join(s.Store, products()[2])); err != nil {
		t.Fatal(err)
	}
	if changes, err := s.planSecrets(t.Context()); err == nil {
		t.Errorf("a store that lacks a file gives %v: it must be an error, never new secrets", changes)
	}
}

func TestSecretsNothingHalfKept(t *testing.T) {
	s := Secrets{Admin: testAdmin(t), Store: filepath.Join(t.TempDir(), "secrets")}
	if err := s.Admin.Write(t.Context(), products()[0], []byte("SECRET"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.keep(t.Context()); err == nil {
		t.Error("two of three products are missing and nobody minds")
	}
	if _, err := os.Stat(s.Store); err == nil {
		t.Error("a half store was kept for a whole one")
	}
}

func TestSecretsMeetANewerTemplate(t *testing.T) {
	s := madeSecrets(t)
	const name = "values/wire-server/prod-secrets.example.yaml"
	write := func(dir, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const kept = "# made once\nbrig:\n  turn: KEPT # 64 characters\n  keys: [KEPT]\ngalley: {}\n"
	for _, test := range []struct{ name, template, want string }{
		{"the same", kept, kept},
		{"other secrets, no new key", "brig: {turn: CHANGEME, keys: [CHANGEME, CHANGEME]}\n", kept},
		{"new keys at every depth", "brig:\n  turn: CHANGEME\n  # since 5.33\n  hook: {token: new}\ngalley:\n  legal: new\nspar: new\n",
			"# made once\nbrig:\n  turn: KEPT # 64 characters\n  keys: [KEPT]\n  # since 5.33\n  hook: {token: new}\ngalley: {legal: new}\nspar: new\n"},
		{"another shape", "brig: [turn]\nspar: new\n", kept + "spar: new\n"},
		{"no YAML", "brig: [\n", kept},
		{"empty", "", kept},
	} {
		t.Run(test.name, func(t *testing.T) {
			write(s.Store, kept)
			write(s.Admin.Dir, test.template)
			changes, err := s.planSecrets(t.Context())
			if err != nil || len(changes) > 1 {
				t.Fatalf("%v, %v", changes, err)
			}
			for _, c := range changes {
				if strings.Contains(c.String(), "KEPT") {
					t.Errorf("the plan shows a secret: %s", c)
				}
				if err := c.Apply(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
			}
			if content, err := s.Admin.Read(t.Context(), name); err != nil || string(content) != test.want {
				t.Errorf("now\n%s\n%v; want\n%s", content, err, test.want)
			}
			if changes, err = s.planSecrets(t.Context()); err != nil || len(changes) != 0 {
				t.Errorf("planned again: %v, %v", changes, err)
			}
			if content, err := os.ReadFile(filepath.Join(s.Store, name)); err != nil || string(content) != kept {
				t.Errorf("the store holds %q, %v", content, err)
			}
		})
	}
}
