package cluster

import (
	"bytes"
	"errors"
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
	for name, content := range testSecrets(t) {
		// The script leaves them readable for all.
		if err := s.Admin.Write(t.Context(), name, content, 0o644); err != nil {
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
		{"one value altered", func(s Secrets) error {
			file := filepath.Join(s.Admin.Dir, products()[1])
			content, err := os.ReadFile(file)
			return errors.Join(err, os.WriteFile(file, bytes.Replace(content, []byte("SECRET-turn"), []byte("OTHER-turn"), 1), 0o600))
		}},
		{"readable for all", func(s Secrets) error { return os.Chmod(filepath.Join(s.Admin.Dir, products()[1]), 0o644) }},
		{"gone with the whole tree", func(s Secrets) error { return os.RemoveAll(filepath.Join(s.Admin.Dir, "values")) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := madeSecrets(t)
			made, err := s.kept()
			if err != nil {
				t.Fatal(err)
			}
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
			if err != nil || !bytes.Equal(content, made[products()[1]]) {
				t.Errorf("now %q, %v", content, err)
			}
			if info, err := os.Stat(filepath.Join(s.Admin.Dir, products()[1])); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("now %v, %v; want 0600", info, err)
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
	const name = wireSecrets
	made, err := s.kept()
	if err != nil {
		t.Fatal(err)
	}
	write := func(dir, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	kept := "# made once\nhook:\n  turn: KEPT # 64 characters\n  keys: [KEPT]\nteam-settings: {}\n" + string(made[name])
	for _, test := range []struct{ name, template, want string }{
		{"the same", kept, kept},
		{"other secrets, no new key", "hook: {turn: CHANGEME, keys: [CHANGEME, CHANGEME]}\n", kept},
		{"new keys at every depth", "hook:\n  turn: CHANGEME\n  # since 5.33\n  web: {token: new}\nteam-settings:\n  legal: new\n",
			strings.Replace(strings.Replace(kept, "keys: [KEPT]\n", "keys: [KEPT]\n  # since 5.33\n  web: {token: new}\n", 1), "team-settings: {}", "team-settings: {legal: new}", 1)},
		{"another shape", "hook: [turn]\nspare: new\n", kept + "spare: new\n"},
		{"no YAML", "hook: [\n", kept},
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

// The script keeps what it finds of the playbooks' secrets: if that belongs to other
// secrets, nothing is kept, and the script is not run again either.
func TestSecretsThatDoNotFitAreNotKept(t *testing.T) {
	s := Secrets{Admin: testAdmin(t), Store: filepath.Join(t.TempDir(), "secrets")}
	made := testSecrets(t)
	made[ansibleSecrets] = bytes.ReplaceAll(made[ansibleSecrets], []byte("SECRET-cargohold"), []byte("OTHER"))
	for name, content := range made {
		if err := s.Admin.Write(t.Context(), name, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.keep(t.Context()); !errors.Is(err, SecretsInconsistent.Failf("")) {
		t.Errorf("%v; want a Failure of kind %s", err, SecretsInconsistent.ID)
	}
	if _, err := os.Stat(s.Store); err == nil {
		t.Error("secrets that do not fit together were kept")
	}
}

// What is kept is never mended: nobody knows which of two values is in use.
func TestSecretsKeptInconsistently(t *testing.T) {
	s := madeSecrets(t)
	file := filepath.Join(s.Store, coturnSecrets)
	if err := os.WriteFile(file, []byte("secrets: {zrestSecrets: [OTHER]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	changes, err := s.planSecrets(t.Context())
	if !errors.Is(err, SecretsInconsistent.Failf("")) || !strings.Contains(err.Error(), "TURN secret: they differ") || len(changes) != 0 {
		t.Errorf("%v, %v; want a Failure of kind %s", changes, err, SecretsInconsistent.ID)
	}
}
