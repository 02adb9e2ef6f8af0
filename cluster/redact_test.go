package cluster

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRedact(t *testing.T) {
	s := Secrets{Admin: testAdmin(t), Store: filepath.Join(t.TempDir(), "secrets")}
	if s.Redact() != nil {
		t.Error("there are secrets before any was made")
	}
	for _, name := range products() {
		content := "minio_cargohold_access_key: AKIA" + filepath.Base(filepath.Dir(name)) + "0123456789\n" + `brig:
  secrets:
    pgPassword: abcdefghijkl
    awsKeyId: dummykey
    longer: abcdefghijklmnop
galley:
  keys:
    - |
      -----BEGIN PRIVATE KEY-----
      MC4CAQAwBQYDK2VwBCIEIJ
      -----END PRIVATE KEY-----
`
		kept := filepath.Join(s.Store, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(kept), 0o700), os.WriteFile(kept, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	redact := s.Redact()
	for line, want := range map[string]string{
		"+ mc admin user add AKIAall0123456789 abcdefghijkl": "+ mc admin user add (secret) (secret)",
		"abcdefghijklmnop":                       "(secret)",
		"key MC4CAQAwBQYDK2VwBCIEIJ":             "key (secret)",
		"-----BEGIN PRIVATE KEY-----":            "-----BEGIN PRIVATE KEY-----",
		"dummykey minio_cargohold_access_key":    "dummykey minio_cargohold_access_key",
		"TASK [minio : create pgPassword] *****": "TASK [minio : create pgPassword] *****",
	} {
		if got := redact.Replace(line); got != want {
			t.Errorf("%q becomes %q, want %q", line, got, want)
		}
	}

	// What a job says passes through it, in all that is shown of it.
	s.Admin.Redact = s.Redact
	if err := os.WriteFile(filepath.Join(s.Admin.Dir, "output"), []byte("set abcdefghijkl\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	log := &jobLog{admin: s.Admin, name: "output"}
	var lines []string
	if _, err := log.more(t.Context(), func(line string) { lines = append(lines, line) }); err != nil {
		t.Fatal(err)
	}
	if shown := strings.Join(lines, "") + log.last(t.Context(), 9); shown != "set (secret)set (secret)" {
		t.Errorf("shown is %q", shown)
	}
}
