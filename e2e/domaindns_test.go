package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"wiabctl/e2e/lab"
	"wiabctl/e2e/lab/names"
)

// TestDNSWrong has the DNS of one domain wrong in many ways, one after the other. Nothing has to be installed
// to be told what is wrong, and that the other domain is right.
func TestDNSWrong(t *testing.T) {
	const pink = "pink.example.org"
	before := readHost(t, configFile)
	t.Cleanup(func() { writeHost(t, configFile, before) })
	writeHost(t, configFile, configured(pink, red))
	say := func(d names.Differences) {
		t.Helper()
		if err := theLab.Names(d); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if err := theLab.Names(names.Differences{}); err != nil {
			t.Error(err)
		}
	})
	delegate := func(address string) names.Differences {
		return names.Differences{Records: []string{pink + ". 5 IN NS ns." + pink + ".", "ns." + pink + ". 5 IN A " + address}}
	}
	for name, test := range map[string]struct {
		dns  names.Differences
		says []string // nothing where all is right
	}{
		"right":        {},
		"alias":        {names.Differences{Records: []string{"webapp." + pink + ". 5 IN CNAME webapp." + red + "."}}, nil},
		"CAA allows":   {names.Differences{Records: []string{pink + `. 5 IN CAA 0 issue "letsencrypt.org"`}}, nil},
		"elsewhere":    {names.Differences{Records: []string{"teams." + pink + ". 5 IN A 192.0.2.99"}}, []string{"teams." + pink, "it leads to 192.0.2.99, not to 203.0.113.10"}},
		"IPv6":         {names.Differences{Records: []string{"assets." + pink + ". 5 IN A 203.0.113.10", "assets." + pink + ". 5 IN AAAA 2001:db8::1"}}, []string{"assets." + pink, "AAAA record, 2001:db8::1"}},
		"CAA forbids":  {names.Differences{Records: []string{pink + `. 5 IN CAA 0 issue "ca.example.net"`}}, []string{"let ca.example.net issue certificates, not letsencrypt.org"}},
		"missing":      {names.Differences{Gone: []string{"nginz-ssl." + pink + "."}}, []string{"nginz-ssl." + pink, "no such name (NXDOMAIN)"}},
		"no A record":  {names.Differences{Records: []string{"account." + pink + `. 5 IN TXT "soon"`}}, []string{"account." + pink, "no A record"}},
		"failing":      {names.Differences{Failing: []string{pink + "."}}, []string{"fails to answer (SERVFAIL)"}},
		"lame":         {delegate(lab.Lame), []string{"ns." + pink + ", in charge of " + pink, "refuses to answer (REFUSED)"}},
		"nobody there": {delegate(lab.Nobody), []string{"ns." + pink + ", in charge of " + pink, "does not answer"}},
	} {
		t.Run(name, func(t *testing.T) {
			say(test.dns)
			a := wiabctl(t, "domain", "dns")
			if right := len(test.says) == 0; right && a.code != 0 || !right && (a.code != 121 || !strings.Contains(a.stderr, "not right in DNS: "+pink+"\n")) {
				t.Errorf("exit %d: %s", a.code, a.stderr)
			}
			for _, part := range append(test.says, "there is a wildcard") { // as all names of the lab's zones lead to the host
				if !strings.Contains(a.stdout, part) {
					t.Errorf("it does not say %q", part)
				}
			}
			if a.took > 20*time.Second {
				t.Errorf("it took %s", a.took)
			}
		})
	}

	say(names.Differences{})
	if zone := mustWiabctl(t, "domain", "dns", pink, "--zone").stdout; strings.Count(zone, "\tIN\tA\t203.0.113.10\n") != 6 {
		t.Errorf("the zone file:\n%s", zone)
	}
	many := freshConfig + "domains:\n"
	for n := range 100 {
		many += fmt.Sprintf("  - {domain: d%d.example.org}\n", n)
	}
	writeHost(t, configFile, many)
	if a := mustWiabctl(t, "domain", "dns"); a.took > 20*time.Second {
		t.Errorf("a hundred domains took %s", a.took)
	}
	resolver := readHost(t, "/etc/resolv.conf")
	t.Cleanup(func() { writeHost(t, "/etc/resolv.conf", resolver) })
	writeHost(t, "/etc/resolv.conf", "nameserver "+lab.Nobody+"\n")
	if a := wiabctl(t, "domain", "dns"); a.code != 122 || a.took > 15*time.Second || !strings.Contains(a.stderr, lab.Nobody+":53 does not answer") {
		t.Errorf("without DNS: exit %d after %s", a.code, a.took)
	}
}
