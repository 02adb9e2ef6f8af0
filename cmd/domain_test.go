package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wiabctl/provision"
)

// someDomains are a domain as it should be, and one that is not there yet.
func someDomains() []provision.DomainState {
	day := time.Date(2026, 3, 4, 5, 6, 7, 0, time.Local)
	return []provision.DomainState{
		{Domain: "green.example.org", Certificate: provision.CertificateState{Kind: "letsencrypt", NotAfter: day},
			Release: provision.ReleaseState{Name: "nginx-ingress-services", Revision: 3, Status: "deployed"}, Verified: day},
		{Domain: "red.example.com", Name: "red", Title: "Red", Certificate: provision.CertificateState{Kind: "own"}, Release: provision.ReleaseState{Name: "nginx-ingress-services-red"}},
		{Domain: "blue.example.net", Name: "blue", Title: "Blue", Certificate: provision.CertificateState{Kind: "staging", NotAfter: day, Problem: "its renewal was refused"},
			Release: provision.ReleaseState{Name: "nginx-ingress-services-blue", Revision: 2, Status: "failed"}, Verified: day, Problem: "webapp: status 503"},
	}
}

func TestRenderDomains(t *testing.T) {
	var out bytes.Buffer
	if err := renderDomains(&out, someDomains()); err != nil {
		t.Fatal(err)
	}
	want := `DOMAIN             NAME       CERTIFICATE  UNTIL                                RELEASE               VERIFIED
green.example.org  (default)  letsencrypt  2026-03-04                           revision 3            2026-03-04 05:06:07
red.example.com    red        own          none yet                             not deployed          never
blue.example.net   blue       staging      2026-03-04: its renewal was refused  revision 2 is failed  2026-03-04 05:06:07: not right, see ` + "`wiabctl domain verify`" + `
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestRenderDomain(t *testing.T) {
	all := someDomains()
	var out bytes.Buffer
	for _, d := range []provision.DomainDetail{
		{DomainState: all[0], Hosts: []string{"webapp.green.example.org"}},
		{DomainState: all[2], Hosts: []string{"webapp.blue.example.net"}, Objects: []string{"Ingress/nginx-ingress-blue"},
			Secrets: []string{"default/blue"}, Entries: []string{"sftd allowOrigin"}},
	} {
		if err := renderDomain(&out, d); err != nil {
			t.Fatal(err)
		}
	}
	want := `domain       green.example.org
certificate  letsencrypt, until 2026-03-04
release      nginx-ingress-services, revision 3
verified     2026-03-04 05:06:07
host         webapp.green.example.org
domain       blue.example.net
name         blue
title        Blue
certificate  staging, until 2026-03-04: its renewal was refused
release      nginx-ingress-services-blue, revision 2 is failed
verified     2026-03-04 05:06:07: not right, see ` + "`wiabctl domain verify`" + `
host         webapp.blue.example.net
object       Ingress/nginx-ingress-blue
secret       default/blue
entry        sftd allowOrigin
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

// looked are verifications of a domain that is right and of one that is not.
func looked(t *testing.T) (all []provision.Verification) {
	t.Helper()
	if err := json.Unmarshal([]byte(`[
		{"domain": "green.example.org", "took": 1500000000, "findings": [{"check": "webapp"}, {"check": "wildcard", "notes": ["there is a wildcard"]}, {"check": "leaks", "notes": ["a", "b"]}]},
		{"domain": "red.example.com", "findings": [{"check": "webapp", "problem": "status 503", "notes": ["for now"]}, {"check": "leaks", "notes": ["a"]}, {"check": "csp"}]}]`), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestRenderVerifications(t *testing.T) {
	var out bytes.Buffer
	if err := (&options{}).renderVerifications(&out, looked(t)); err != nil {
		t.Fatal(err)
	}
	want := `DOMAIN             CHECK     RESULT
green.example.org  wildcard  note: there is a wildcard
green.example.org  all 3     ok in 1.5s, 2 known leaks
red.example.com    webapp    status 503
red.example.com    webapp    note: for now
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	for n, want := range map[int]string{0: "tells of no other", 1: "1 known leak", 3: "3 known leaks"} {
		if got := leaksKnown(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}

func TestRenderDNS(t *testing.T) {
	var out bytes.Buffer
	if err := (&options{}).renderDNS(&out, looked(t)); err != nil {
		t.Fatal(err)
	}
	want := `DOMAIN             WHAT      RESULT
green.example.org  webapp    ok
green.example.org  wildcard  note: there is a wildcard
green.example.org  leaks     note: a; b
red.example.com    webapp    status 503
red.example.com    leaks     note: a
red.example.com    csp       ok
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

// What the flags say goes for each domain, and names of files mean the same from everywhere.
func TestAddition(t *testing.T) {
	t.Chdir(t.TempDir())
	a := addition{}
	a.one.Certificate.Staging = true
	if err := a.check([]string{"red.example.com", "blue.example.net"}); err != nil {
		t.Errorf("several of the staging server: %v", err)
	}
	a.one.Certificate.Cert, a.one.Certificate.Key = "red.pem", "/etc/red.key"
	list, err := a.domains(nil, []string{"red.example.com", "blue.example.net"})
	if err != nil || len(list.Domains) != 2 || list.Domains[0].Domain != "red.example.com" || list.Domains[1].Domain != "blue.example.net" {
		t.Fatalf("got %+v, %v", list, err)
	}
	for _, d := range list.Domains {
		if c := d.Certificate; !c.Staging || !filepath.IsAbs(c.Cert) || filepath.Base(c.Cert) != "red.pem" || c.Key != "/etc/red.key" {
			t.Errorf("%s has %+v", d.Domain, c)
		}
	}
	if err := a.check([]string{"red.example.com", "blue.example.net"}); err == nil {
		t.Error("one certificate of the user's is taken for two domains")
	}
}

// Who gives up while a list is typed is not kept waiting for its end.
func TestListGivenUp(t *testing.T) {
	in, typing := io.Pipe()
	defer typing.Close()
	why := errors.New("given up")
	ctx, stop := context.WithCancelCause(t.Context())
	c := newRoot()
	c.SetIn(in)
	c.SetContext(ctx)
	go func() {
		_, _ = io.WriteString(typing, "- domain: red.example.com\n")
		stop(why)
	}()
	if _, err := (&addition{file: "-"}).domains(c, nil); !errors.Is(err, why) {
		t.Errorf("it ends with %v", err)
	}
}
