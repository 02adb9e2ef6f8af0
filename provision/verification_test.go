package provision

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wiabctl/ingress"
	"wiabctl/provision/change"
)

// Of what a run found right the last is kept, of each domain.
func TestRightOnesAreKept(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	dir := filepath.Join(state, "verified")
	var right rightOnes
	for n, domain := range []string{"red.example.com", "blue.example.net", "red.example.com"} {
		right.note(Verification{Domain: domain, Took: time.Duration(n + 1)})
	}
	if err := right.keep(dir); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(state); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the state directory, which keys come into: %v, %v", info.Mode(), err)
	}
	for domain, took := range map[string]time.Duration{"red.example.com": 3, "blue.example.net": 2} {
		if v, there, err := lastVerification(dir, domain); err != nil || !there || v.Took != took {
			t.Errorf("%s: %+v, %v, %v", domain, v, there, err)
		}
	}
}

func TestLastVerification(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "verified")
	if _, there, err := lastVerification(dir, "red.example.com"); there || err != nil {
		t.Errorf("before the first: %v, %v", there, err)
	}
	want := Verification{Domain: "red.example.com", Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Took: time.Second,
		Findings: []ingress.Finding{{Check: "cors", Problem: "no"}, {Check: LeakCheck, Notes: []string{"a"}}}}
	for _, v := range []Verification{{Domain: "red.example.com"}, want, {Domain: "blue.example.net"}} {
		if err := keepVerification(dir, v); err != nil {
			t.Fatal(err)
		}
	}
	got, there, err := lastVerification(dir, "red.example.com")
	if diff := cmp.Diff(want, got); !there || err != nil || diff != "" {
		t.Errorf("%v, %v (-want +got):\n%s", there, err, diff)
	}
	if err := os.WriteFile(filepath.Join(dir, "red.example.com.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, there, err := lastVerification(dir, "red.example.com"); there || err == nil || !strings.Contains(err.Error(), "red.example.com") {
		t.Errorf("a broken file: %v, %v", there, err)
	}
}

func TestNamed(t *testing.T) {
	i := &Installation{config: Config{Ingress: ingress.Spec{Domain: "green.example.org", Domains: []ingress.Domain{{Domain: "red.example.com"}, {Domain: "xn--grn-ioa.example.net"}}}}}
	for name, test := range map[string]struct{ typed, want []string }{
		"all":                {nil, []string{"green.example.org", "red.example.com", "xn--grn-ioa.example.net"}},
		"in their own order": {[]string{"red.example.com", "green.example.org", "red.example.com"}, []string{"green.example.org", "red.example.com"}},
		"as people type":     {[]string{"Grün.Example.net"}, []string{"xn--grn-ioa.example.net"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := i.named(test.typed); err != nil || !slices.Equal(got, test.want) {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
	if _, err := i.named([]string{"blue.example.net"}); len(change.Failures(err)) != 1 || change.Failures(err)[0].ID != ingress.DomainUnknown.ID {
		t.Errorf("a stranger: %v", err)
	}
}

func TestRecursiveServers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "resolv.conf")
	for content, want := range map[string][]string{
		"nameserver 192.0.2.1\nnameserver 2001:db8::1\nsearch example.org\n": {"192.0.2.1:53", "[2001:db8::1]:53"},
		"search example.org\n": nil,
	} {
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := recursiveServers(file); !slices.Equal(got, want) || (err == nil) != (want != nil) {
			t.Errorf("%q: %v, %v", content, got, err)
		}
	}
}

// What was kept of a domain shows in its state, and goes with it, however people type its name.
func TestVerifications(t *testing.T) {
	dir := t.TempDir()
	began := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for _, v := range []Verification{
		{Domain: "red.example.com", Time: began, Findings: []ingress.Finding{{Check: "webapp", Problem: "status 503"}}},
		{Domain: "xn--bcher-kva.example.com", Time: began, Findings: []ingress.Finding{{Check: "webapp"}}},
	} {
		if err := keepVerification(dir, v); err != nil {
			t.Fatal(err)
		}
	}
	states := func() []DomainState {
		all := []DomainState{{Domain: "red.example.com"}, {Domain: "xn--bcher-kva.example.com"}, {Domain: "blue.example.net"}}
		if err := verifications(dir, all); err != nil {
			t.Fatal(err)
		}
		return all
	}
	all := states()
	if !all[0].Verified.Equal(began) || all[0].Problem != "webapp: status 503" || !all[1].Verified.Equal(began) || all[1].Problem != "" || !all[2].Verified.IsZero() {
		t.Errorf("got %+v", all)
	}
	if err := forgetVerifications(dir, []string{"Bücher.example.com", "blue.example.net"}); err != nil {
		t.Fatal(err)
	}
	if all := states(); all[0].Verified.IsZero() || !all[1].Verified.IsZero() {
		t.Errorf("after one went: %+v", all)
	}
}

func TestAddressesOfTheNamedComeFirst(t *testing.T) {
	i := &Installation{config: Config{Ingress: ingress.Spec{Domain: "green.example.org", Domains: []ingress.Domain{
		{Domain: "red.example.com"}, {Domain: "xn--grn-ioa.example.net"}, {Domain: "blue.example.net", Apps: []ingress.App{ingress.Webapp}}}}}}
	for name, test := range map[string]struct{ named, want []string }{
		"nobody":                   {nil, []string{"green.example.org", "red.example.com", "xn--grn-ioa.example.net", "blue.example.net"}},
		"as people type":           {[]string{"blue.example.net", "Grün.Example.net"}, []string{"xn--grn-ioa.example.net", "blue.example.net", "green.example.org", "red.example.com"}},
		"who is not there, and no": {[]string{"pink.example.com", "-"}, []string{"green.example.org", "red.example.com", "xn--grn-ioa.example.net", "blue.example.net"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, addresses := range i.Addresses(test.named...) {
				got = append(got, strings.TrimSuffix(strings.TrimPrefix(addresses[len(addresses)-1], "https://nginz-https."), "/deeplink.json"))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
