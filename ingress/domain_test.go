package ingress

import (
	"errors"
	"strings"
	"testing"

	"wiabctl/provision/change"
)

func TestValidDomain(t *testing.T) {
	label63 := strings.Repeat("a", 63)
	fits := strings.Repeat(label63+".", 3) + strings.Repeat("a", longestDomain-3*64)
	tests := map[string]struct {
		name    string
		problem string // part of the error; empty if the name is valid
	}{
		"two labels":         {"example.org", ""},
		"four labels":        {"a.b.example.org", ""},
		"digits and hyphens": {"1-2.example-3.org", ""},
		"punycode":           {"xn--bcher-kva.example.org", ""},
		"long label":         {label63 + ".org", ""},
		"longest":            {fits, ""},
		"empty":              {"", "is empty"},
		"one label":          {"localhost", "at least two"},
		"capital":            {"Red.example.com", "capital"},
		"umlaut":             {"bücher.example.org", "write xn--bcher-kva.example.org"},
		"underscore":         {"a_b.example.org", "letters"},
		"space":              {"a b.example.org", "letters"},
		"leading hyphen":     {"-a.example.org", "letters"},
		"trailing hyphen":    {"a-.example.org", "letters"},
		"empty label":        {"a..example.org", "empty label"},
		"leading dot":        {".example.org", "empty label"},
		"trailing dot":       {"example.org.", "empty label"},
		"scheme":             {"https://example.org", "letters"},
		"port":               {"example.org:443", "letters"},
		"wildcard":           {"*.example.org", "letters"},
		"address":            {"203.0.113.10", "ends in a number"},
		"label too long":     {label63 + "a.org", "63 are possible"},
		"too long":           {fits + "a", "241 are possible"},
		"bad punycode":       {"xn--a.example.org", "letters"},
		"shell":              {"$(id).example.org", "letters"},
		"line break":         {"a\n.example.org", "letters"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := ValidDomain(test.name)
			if test.problem == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var failure *change.Failure
			if !errors.As(err, &failure) || failure.ID != "domain-invalid" || failure.Exit != 70 {
				t.Fatalf("got %v, want domain-invalid", err)
			}
			if !strings.Contains(err.Error(), test.problem) {
				t.Errorf("got %q, want it to say %q", err, test.problem)
			}
		})
	}
}

func FuzzValidDomain(f *testing.F) {
	for _, seed := range []string{"example.org", "a..b", "xn--bcher-kva.de", "-a.b", "1.2.3.4", "ü.de", strings.Repeat("a.", 130)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if ValidDomain(name) != nil {
			return
		}
		if len("nginz-https."+name) > 253 || !strings.Contains(name, ".") {
			t.Errorf("%q was taken", name)
		}
		for part := range strings.SplitSeq(name, ".") {
			if part == "" || len(part) > 63 || strings.Trim(part, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" ||
				strings.HasPrefix(part, "-") || strings.HasSuffix(part, "-") {
				t.Errorf("%q was taken, with label %q", name, part)
			}
		}
	})
}
