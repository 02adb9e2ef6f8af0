package ingress

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares values with the file of that name under testdata.
func golden(t *testing.T, name string, values Values) {
	t.Helper()
	got, err := marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	goldenText(t, name, got)
}

// goldenText compares a text with the file of that name under testdata.
func goldenText(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, diff)
	}
}

// threeDomains are the example domains: green by default, red and blue beside it.
func threeDomains() Spec {
	s := Spec{
		Domain: "green.example.org",
		Email:  "ops@example.org",
		Domains: []Domain{
			{Domain: "red.example.com", Title: "Red's backend"},
			{Domain: "blue.example.net", Certificate: Certificate{Cert: "blue.pem", Key: "blue.key"}},
		},
	}
	s.Defaults()
	return s
}

func readTestdata(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}
