package cluster

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wiabctl/provision/change"
)

// deployedSecretsStage has secrets that are kept, and releases that were deployed with them
// and with this password of PostgreSQL; empty: the cluster keeps none.
func deployedSecretsStage(t *testing.T, password string, releases ...string) HelmSecrets {
	t.Helper()
	var items []any
	for _, name := range releases {
		items = append(items, stored(t, name, "1", "deployed", nil))
	}
	answers := map[string]any{"/api/v1/secrets": map[string]any{"items": items}}
	if password != "" {
		answers["/api/v1/namespaces/default/secrets/"+postgresSecret] = map[string]any{"data": map[string]any{"password": []byte(password)}}
	}
	api := testAPI(t, answers)
	h := HelmSecrets{API: api, Secrets: Secrets{Admin: api.Admin, Store: filepath.Join(t.TempDir(), "secrets")}}
	for name, content := range testSecrets(t) {
		if err := api.Admin.Write(t.Context(), name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Secrets.keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h
}

// script makes the files of all charts as helm-operations.sh does.
func (h HelmSecrets) script(t *testing.T, password string) {
	t.Helper()
	for release, d := range deployedSecrets() {
		content, err := h.Secrets.Admin.Read(t.Context(), d.origin)
		if release == "wire-server" {
			content = bytes.ReplaceAll(content, []byte("verysecurepassword"), []byte(password))
		}
		if err := errors.Join(err, h.Secrets.Admin.Write(t.Context(), d.file, content, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestHelmSecretsComeBack(t *testing.T) {
	const password = "1e20" // a number, where nobody quotes it
	wire, coturn := deployedSecrets()["wire-server"].file, deployedSecrets()["coturn"].file
	for _, test := range []struct {
		name     string
		releases []string
		harm     func(t *testing.T, dir string) error
		want     []string
	}{
		{"as the script made them", nil, func(*testing.T, string) error { return nil }, nil},
		{"another order and style", nil, func(_ *testing.T, dir string) error {
			return os.WriteFile(filepath.Join(dir, coturn), []byte("{secrets: {zrestSecrets: ['SECRET-turn']}}"), 0o600)
		}, nil},
		{"a value more", nil, func(_ *testing.T, dir string) error {
			return os.WriteFile(filepath.Join(dir, coturn), []byte("{secrets: {zrestSecrets: ['SECRET-turn'], mine: 1}}"), 0o600)
		}, nil},
		{"altered", nil, func(t *testing.T, dir string) error {
			content, err := os.ReadFile(filepath.Join(dir, wire))
			return errors.Join(err, os.WriteFile(filepath.Join(dir, wire), bytes.ReplaceAll(content, []byte(password), []byte("verysecurepassword")), 0o600))
		}, []string{"update file " + wire}},
		{"emptied", nil, func(_ *testing.T, dir string) error { return os.WriteFile(filepath.Join(dir, coturn), nil, 0o600) }, []string{"update file " + coturn}},
		{"deleted before anything is deployed", nil, func(_ *testing.T, dir string) error { return os.Remove(filepath.Join(dir, wire)) }, nil},
		{"deleted", []string{"wire-server"}, func(_ *testing.T, dir string) error { return os.Remove(filepath.Join(dir, wire)) }, []string{"create file " + wire}},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := deployedSecretsStage(t, password, test.releases...)
			h.script(t, "'"+password+"'")
			before, err := os.ReadFile(filepath.Join(h.Secrets.Admin.Dir, wire))
			if err := errors.Join(err, test.harm(t, h.Secrets.Admin.Dir)); err != nil {
				t.Fatal(err)
			}
			changes, err := h.Plan(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range changes {
				got = append(got, string(c.Verb)+" "+c.Subject)
				if strings.Contains(c.String(), password) || strings.Contains(c.String(), "SECRET") {
					t.Errorf("the plan shows a secret: %s", c)
				}
				if err := c.Apply(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("planned %q, want %q", got, test.want)
			}
			if changes, err := h.Plan(t.Context()); err != nil || len(changes) != 0 {
				t.Errorf("planned again: %v, %v", changes, err)
			}
			after, _ := os.ReadFile(filepath.Join(h.Secrets.Admin.Dir, wire))
			if len(test.want) > 0 && test.want[0] != "update file "+coturn && !sameMeaning(before, after) {
				t.Errorf("%s holds something else now", wire)
			}
		})
	}
}

func TestHelmSecretsWithoutAPassword(t *testing.T) {
	h := deployedSecretsStage(t, "")
	h.script(t, "set by hand")
	if changes, err := h.Plan(t.Context()); err != nil || len(changes) != 0 {
		t.Errorf("a password that the cluster does not know is altered: %v, %v", changes, err)
	}
	if changes, err := (HelmSecrets{Secrets: Secrets{Store: filepath.Join(t.TempDir(), "none")}}).Plan(t.Context()); err != nil || len(changes) != 0 {
		t.Errorf("without secrets: %v, %v", changes, err)
	}
}

func TestHelmSecretsReady(t *testing.T) {
	if err := deployedSecretsStage(t, "password").ready(t.Context()); err != nil {
		t.Errorf("secrets as they should be: %v", err)
	}
	h := deployedSecretsStage(t, "")
	if err := h.Secrets.Admin.Write(t.Context(), coturnSecrets, []byte("secrets: {zrestSecrets: [OTHER]}"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := h.ready(t.Context())
	if !errors.Is(err, SecretsInconsistent.Failf("")) || !strings.Contains(err.Error(), "TURN secret: they differ") || !strings.Contains(err.Error(), postgresSecret) {
		t.Errorf("%v; want both problems at once", err)
	}
}

func TestHelmSecretsCheck(t *testing.T) {
	bad := func(findings []SecretFinding) (all []string) {
		for _, f := range findings {
			if f.Problem != "" {
				all = append(all, f.Check)
			}
		}
		return all
	}
	h := deployedSecretsStage(t, "password", "wire-server")
	h.script(t, "password")
	findings, err := h.Check(t.Context())
	if err != nil || len(bad(findings)) != 0 || len(findings) != 9+3+1 {
		t.Errorf("%d findings, %q, %v", len(findings), bad(findings), err)
	}
	h.script(t, "another")
	if err := h.Secrets.Admin.Write(t.Context(), coturnSecrets, []byte("secrets: {zrestSecrets: [OTHER]}"), 0o600); err != nil {
		t.Fatal(err)
	}
	findings, err = h.Check(t.Context())
	if want := []string{"TURN secret", "as it was made", "PostgreSQL password"}; err != nil || !slices.Equal(bad(findings), want) {
		t.Errorf("%q, %v; want %q", bad(findings), err, want)
	}
	if _, err := (HelmSecrets{Secrets: Secrets{Store: filepath.Join(t.TempDir(), "none")}}).Check(t.Context()); !errors.Is(err, ClusterMissing.Failf("")) {
		t.Errorf("without secrets: %v, want a Failure of kind %s", err, ClusterMissing.ID)
	}
}

// TestConfidential closes what upstream's scripts leave open, and nothing else, whatever
// lies in its way.
func TestConfidential(t *testing.T) {
	api := testAPI(t, nil)
	c := Confidential{api.Admin}
	outside := filepath.Join(t.TempDir(), "foreign")
	at := func(name string) string { return filepath.Join(api.Admin.Dir, name) }
	write := func(file string, mode os.FileMode) error {
		return errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, nil, 0o600), os.Chmod(file, mode))
	}
	modes := map[string]os.FileMode{}
	for name, mode := range map[string]os.FileMode{
		"values/team-settings/secrets.yaml":                   0o644,
		"values/wire-server/secrets.yaml.bak.20260101_000000": 0o644,
		"values/a name/prod-secrets.example.yaml.bak":         0o604,
		ansibleSecrets + ".bak":                               0o640,
		adminConf:                                             0o664,
		"values/wire-server/secrets.yaml":                     0o600,
		"values/coturn/secrets.yaml":                          0o400,
		"values/webapp/secrets.yaml":                          0,
		"values/webapp/values.yaml":                           0o644,
		"values/deep/er/secrets.yaml":                         0o644,
		wireSecrets:                                           0o644,
	} {
		modes[name] = mode
		if err := write(at(name), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(write(outside, 0o644), write(filepath.Join(outside+".d", "secrets.yaml"), 0o644), os.MkdirAll(at("values/x"), 0o755),
		os.Symlink(outside, at("values/x/secrets.yaml")),                 // a link to a file
		os.Symlink(outside+".d", at("values/y")),                         // a link to a directory
		os.Link(outside, at("values/x/secrets.yaml.bak")),                // another name of a file
		os.Mkdir(at("values/x/secrets.yaml.bak.d"), 0o755)); err != nil { // no file
		t.Fatal(err)
	}
	changes, err := c.Plan(t.Context())
	if err != nil || len(changes) != 1 || !strings.HasSuffix(changes[0].Reason, " and 4 more") {
		t.Fatalf("planned %v, %v", changes, err)
	}
	is := func() map[string]os.FileMode {
		all := map[string]os.FileMode{}
		for name := range modes {
			info, err := os.Stat(at(name))
			if err != nil {
				t.Fatal(err)
			}
			all[name] = info.Mode().Perm()
		}
		return all
	}
	if !maps.Equal(is(), modes) {
		t.Error("planning changed a mode")
	}
	if err := changes[0].Apply(t.Context(), change.Progress(nil)); err != nil {
		t.Fatal(err)
	}
	for _, closed := range []string{"values/team-settings/secrets.yaml", "values/wire-server/secrets.yaml.bak.20260101_000000", "values/a name/prod-secrets.example.yaml.bak", ansibleSecrets + ".bak", adminConf} {
		modes[closed] = 0o600
	}
	if got := is(); !maps.Equal(got, modes) {
		t.Errorf("the modes are %v\nwant %v", got, modes)
	}
	for _, foreign := range []string{outside, filepath.Join(outside+".d", "secrets.yaml")} {
		if info, err := os.Stat(foreign); err != nil || info.Mode().Perm() != 0o644 {
			t.Errorf("what a link leads to was touched: %v, %v", info.Mode(), err)
		}
	}
	if changes, err := c.Plan(t.Context()); err != nil || len(changes) != 0 {
		t.Errorf("planned again: %v, %v", changes, err)
	}
}
