package cmd

import (
	"bytes"
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
