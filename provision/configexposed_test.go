package provision

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExposed(t *testing.T) {
	const vars = "cluster:\n  inventory:\n    all:\n      vars: "
	for _, test := range []struct {
		name, text string
		says       string // empty: anybody may read it
	}{
		{"no secret", smallest, ""},
		{"the name of a secret's file", smallest + wireCloud, ""},
		{"names of secrets in the cluster", smallest + "domains:\n  - domain: lime.example.org\n    certificate: {solvers: [{dns01: {rfc2136: {nameserver: 192.0.2.53, tsigSecretSecretRef: {name: lime, key: secret}}}}]}\n", ""},
		{"a public key", smallest + "vms: {keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBQb2Rjv9eQXo0HkMkCkz0DkvAl3EFLdAg5oTkBaZT1l me]}\n", ""},
		{"a password that is none", smallest + vars + "{ansible_password: '', token: 3}\n", ""},
		{"a variable's password", smallest + vars + "{a: 1, ansible_password: correct horse}\n", "line 8, cluster.inventory.all.vars.ansible_password"},
		{"a token by another name's end", smallest + vars + "{registryToken: abc}\n", "registryToken"},
		{"a URL's password", strings.Replace(smallest, "{hash:", "{url: 'https://me:hunter2@mirror.example.org/a.tgz', hash:", 1), "line 4, artifact.url"},
		{"a private key", smallest + vars + "\n        pem: |\n          -----BEGIN OPENSSH PRIVATE KEY-----\n", "vars.pem"},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "of us.yaml")
			if err := os.WriteFile(file, []byte(test.text), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := Load(file)
			if test.says == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if !errors.Is(err, SecretsExposed.Failf("")) || !strings.Contains(err.Error(), test.says) || !strings.HasSuffix(err.Error(), "(mode 0644): chmod 600 '"+file+"'") {
				t.Fatalf("got %v, want secrets-exposed at %s", err, test.says)
			}
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "correct") {
				t.Error("the secret is told")
			}
			if err := os.Chmod(file, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Load(file); err != nil {
				t.Errorf("with mode 0600: %v", err)
			}
		})
	}
}

// A secret is one also where an alias brings it in.
func TestSecretByAlias(t *testing.T) {
	for text, says := range map[string]string{
		"smtpPassword: hunter2\n":                        "line 1, smtpPassword",
		"word: &word hunter2\nsmtp: {password: *word}\n": "line 1, smtp.password",
		"tls: &tls {secretName: a}\nsecret: *tls\n":      "",
	} {
		file := filepath.Join(t.TempDir(), "smtp.yaml")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := exposedFile(file); says == "" && err != nil || says != "" && (!errors.Is(err, SecretsExposed.Failf("")) || !strings.Contains(err.Error(), says)) {
			t.Errorf("%q: %v, want %q", text, err, says)
		}
	}
}
