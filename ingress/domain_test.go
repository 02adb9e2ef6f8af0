package ingress

import (
	"errors"
	"strings"
	"testing"

	"wiabctl/provision/change"
)

func TestCanonical(t *testing.T) {
	label63 := strings.Repeat("a", 63)
	fits := strings.Repeat(label63+".", 3) + strings.Repeat("a", longestDomain-3*64-len(".org")) + ".org"
	tests := map[string]struct {
		typed   string
		want    string // empty: it is refused
		problem string // part of the error
	}{
		"two labels":            {"example.org", "example.org", ""},
		"four labels":           {"a.b.example.org", "a.b.example.org", ""},
		"digits and hyphens":    {"1-2.example-3.org", "1-2.example-3.org", ""},
		"capitals":              {"Red.EXAMPLE.com", "red.example.com", ""},
		"umlaut":                {"bücher.example.org", "xn--bcher-kva.example.org", ""},
		"capital umlaut":        {"BÜCHER.example.org", "xn--bcher-kva.example.org", ""},
		"decomposed umlaut":     {"bu\u0308cher.example.org", "xn--bcher-kva.example.org", ""},
		"another full stop":     {"red。example.com", "red.example.com", ""},
		"another script":        {"почта.пример.рф", "xn--80a1acny.xn--e1afmkfd.xn--p1ai", ""},
		"punycode":              {"xn--bcher-kva.example.org", "xn--bcher-kva.example.org", ""},
		"long label":            {label63 + ".org", label63 + ".org", ""},
		"longest":               {fits, fits, ""},
		"no suffix of anybody":  {"wire.internal", "wire.internal", ""},
		"below a public suffix": {"red.co.uk", "red.co.uk", ""},
		"a provider's domain":   {"github.io", "github.io", ""},
		"empty":                 {"", "", "is empty"},
		"one label":             {"localhost", "", "at least two"},
		"public suffix":         {"co.uk", "", "public suffix"},
		"public suffix by rule": {"anything.ck", "", "public suffix"},
		"underscore":            {"a_b.example.org", "", "letters"},
		"space":                 {"a b.example.org", "", "letters"},
		"leading hyphen":        {"-a.example.org", "", "letters"},
		"trailing hyphen":       {"a-.example.org", "", "letters"},
		"empty label":           {"a..example.org", "", "empty label"},
		"empty label by others": {"a。.example.org", "", "letters"},
		"leading dot":           {".example.org", "", "empty label"},
		"trailing dot":          {"example.org.", "", "empty label"},
		"scheme":                {"https://example.org", "", "letters"},
		"port":                  {"example.org:443", "", "letters"},
		"wildcard":              {"*.example.org", "", "letters"},
		"address":               {"203.0.113.10", "", "ends in a number"},
		"label too long":        {label63 + "a.org", "", "63 are possible"},
		"letters make it long":  {strings.Repeat("ü", 40) + "." + strings.Repeat("ä", 60) + ".org", "", "63 are possible"},
		"too long":              {"a" + fits, "", "241 are possible"},
		"bad punycode":          {"xn--a.example.org", "", "letters"},
		"shell":                 {"$(id).example.org", "", "letters"},
		"line break":            {"a\n.example.org", "", "letters"},
		"mixed directions":      {"aא.example.org", "", "letters"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Canonical(test.typed)
			if got != test.want {
				t.Errorf("got %q, want %q (%v)", got, test.want, err)
			}
			if test.want != "" {
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

func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{"example.org", "a..b", "xn--bcher-kva.de", "-a.b", "1.2.3.4", "ü.de", "Ａ。de", strings.Repeat("a.", 130)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		name, err := Canonical(typed)
		if err != nil {
			return
		}
		if len("nginz-https."+name) > 253 || !strings.Contains(name, ".") {
			t.Errorf("%q was taken as %q", typed, name)
		}
		for part := range strings.SplitSeq(name, ".") {
			if part == "" || len(part) > 63 || strings.Trim(part, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" ||
				strings.HasPrefix(part, "-") || strings.HasSuffix(part, "-") {
				t.Errorf("%q was taken as %q, with label %q", typed, name, part)
			}
		}
		if again, err := Canonical(name); err != nil || again != name {
			t.Errorf("%q is %q, and that is %q (%v)", typed, name, again, err)
		}
	})
}
