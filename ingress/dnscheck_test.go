package ingress

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"wiabctl/provision/change"
)

// records of red that are right; a test adds and takes away.
func redRecords() []string {
	records := []string{"red.example.com. SOA ns.red.example.com. ops.red.example.com. 1 2 3 4 5", "red.example.com. NS ns.red.example.com.", "ns.red.example.com. A 127.0.0.83"}
	for _, host := range Hosts("red.example.com") {
		records = append(records, host+". 300 A 203.0.113.10")
	}
	return records
}

func without(records []string, start string) []string {
	var left []string
	for _, r := range records {
		if !strings.HasPrefix(r, start) {
			left = append(left, r)
		}
	}
	return left
}

// world is a root that is also com's server, red's own server, and a recursive one.
func world(red *nameserver, delegation ...string) dnsWorld {
	if len(delegation) == 0 {
		delegation = []string{"red.example.com. NS ns.red.example.com.", "ns.red.example.com. A 127.0.0.83"}
	}
	return dnsWorld{
		"127.0.0.80": {recurses: true},
		"127.0.0.81": {records: append([]string{". SOA a. b. 1 2 3 4 5", ". NS a.", "a. A 127.0.0.81", "com. NS a."}, "com. SOA a. b. 1 2 3 4 5", "example.com. SOA a. b. 1 2 3 4 5", "example.com. NS a.",
			"elsewhere.example.com. A 203.0.113.10", "six.example.com. AAAA 2001:db8::1", delegation[0], delegation[1])},
		"127.0.0.83": red,
	}
}

// names starts the world, and asks it.
func (w dnsWorld) names(t testing.TB) Names {
	t.Helper()
	port := w.start(t)
	return Names{
		Set:       Set{Default: "green.example.org", Extra: []Domain{{Domain: "red.example.com", Apps: apps}}},
		Address:   func(string) netip.Addr { return netip.MustParseAddr("203.0.113.10") },
		Resolvers: []string{net.JoinHostPort("127.0.0.80", port)}, port: port,
	}
}

func TestDNSNames(t *testing.T) {
	const webapp = "webapp.red.example.com"
	tests := map[string]struct {
		red   *nameserver
		check string   // what finds it; nothing if all is right
		says  []string // parts of it
		note  string   // part of the wildcard's note
	}{
		"right":                   {red: &nameserver{records: redRecords()}},
		"over TCP":                {red: &nameserver{records: redRecords(), tcp: true}},
		"lost packets":            {red: &nameserver{records: redRecords(), loses: webapp + "."}},
		"a CNAME within the zone": {red: &nameserver{records: append(without(redRecords(), webapp), webapp+". CNAME assets.red.example.com.")}},
		"a CNAME out of the zone": {red: &nameserver{records: append(without(redRecords(), webapp), webapp+". CNAME elsewhere.example.com.")}},
		"a CNAME to nowhere": {&nameserver{records: append(without(redRecords(), webapp), webapp+". CNAME gone.example.com.")},
			webapp, []string{"no such name (NXDOMAIN)"}, ""},
		"a CNAME to IPv6": {&nameserver{records: append(without(redRecords(), webapp), webapp+". CNAME six.example.com.")}, webapp, []string{"no A record"}, ""},
		"another address": {&nameserver{records: append(without(redRecords(), webapp), webapp+". A 203.0.113.99")}, webapp, []string{"leads to 203.0.113.99, not to 203.0.113.10"}, ""},
		"two addresses":   {&nameserver{records: append(redRecords(), webapp+". A 203.0.113.99")}, webapp, []string{"203.0.113.10, 203.0.113.99"}, ""},
		"an IPv6 address": {&nameserver{records: append(redRecords(), webapp+". AAAA 2001:db8::1")}, webapp, []string{"AAAA record, 2001:db8::1"}, ""},
		"no such name":    {&nameserver{records: without(redRecords(), webapp)}, webapp, []string{"no such name (NXDOMAIN)", "has to lead to 203.0.113.10"}, ""},
		"no A record":     {&nameserver{records: append(without(redRecords(), webapp), webapp+`. TXT "x"`)}, webapp, []string{"no A record"}, ""},
		"a wildcard": {&nameserver{records: append(without(redRecords(), webapp), "*.red.example.com. A 203.0.113.10")},
			"", nil, "any name below red.example.com leads to 203.0.113.10"},
		"CAA allows":            {red: &nameserver{records: append(redRecords(), `red.example.com. CAA 0 issue "letsencrypt.org; validationmethods=http-01"`, `red.example.com. CAA 0 issue "other.example"`)}},
		"CAA of another tag":    {red: &nameserver{records: append(redRecords(), `red.example.com. CAA 0 iodef "mailto:ops@example.com"`)}},
		"CAA forbids":           {&nameserver{records: append(redRecords(), `red.example.com. CAA 0 issue "other.example"`)}, "CAA", []string{"red.example.com let other.example issue", "not letsencrypt.org"}, ""},
		"CAA forbids everybody": {&nameserver{records: append(redRecords(), `red.example.com. CAA 0 issue ";"`)}, "CAA", []string{"let nobody issue"}, ""},
		"CAA in capitals":       {&nameserver{records: append(redRecords(), `red.example.com. CAA 0 ISSUE "other.example"`)}, "CAA", []string{"let other.example issue"}, ""},
		"CAA of one name":       {&nameserver{records: append(redRecords(), `red.example.com. CAA 0 issue "letsencrypt.org"`, webapp+`. CAA 0 issue "other.example"`)}, "CAA", []string{webapp + " let other.example"}, ""},
		"it fails":              {&nameserver{fails: dns.RcodeServerFailure}, "delegation", []string{"ns.red.example.com, in charge of red.example.com, fails to answer (SERVFAIL)"}, ""},
		"it refuses":            {&nameserver{fails: dns.RcodeRefused}, "delegation", []string{"refuses to answer (REFUSED)"}, ""},
		"lame":                  {&nameserver{records: redRecords(), lame: true}, "delegation", []string{"answers without being in charge of the zone"}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			all, err := world(test.red).names(t).Domains(t.Context(), []string{"red.example.com"})
			if err != nil {
				t.Fatal(err)
			}
			var wrong, notes string
			for _, f := range all[0].Findings {
				if f.Problem != "" && f.Check != test.check {
					t.Errorf("%s: %s", f.Check, f.Problem)
				} else if f.Problem != "" {
					wrong = f.Problem
				}
				notes += strings.Join(f.Notes, "")
			}
			if (wrong == "") != (test.check == "") || (notes == "") != (test.note == "") || !strings.Contains(notes, test.note) {
				t.Errorf("problem %q, notes %q", wrong, notes)
			}
			for _, part := range test.says {
				if !strings.Contains(wrong, part) {
					t.Errorf("%q does not say %q", wrong, part)
				}
			}
		})
	}
}

// What the servers above say of a domain that nobody is in charge of.
func TestDNSDelegation(t *testing.T) {
	for name, test := range map[string]struct {
		delegation []string
		domain     string
		says       string
	}{
		"to nobody there":   {[]string{"red.example.com. NS ns.red.example.com.", "ns.red.example.com. A 127.0.0.89"}, "red.example.com", "ns.red.example.com, in charge of red.example.com, does not answer"},
		"to a name without": {[]string{"red.example.com. NS ns.gone.example.com.", "other.example.com. A 127.0.0.83"}, "red.example.com", "ns.gone.example.com, in charge of red.example.com, has no address"},
		"not registered":    {nil, "red.unknown.com", "nobody is in charge of red.unknown.com: the name servers of com know no delegation"},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			all, err := world(&nameserver{records: redRecords()}, test.delegation...).names(t).Domains(t.Context(), []string{test.domain})
			if err != nil || !strings.Contains(fmt.Sprint(all[0].Err()), test.says) {
				t.Errorf("got %v, %v", all, err)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

func TestDNSRegistered(t *testing.T) {
	for name, test := range map[string]struct {
		apex, domain string
		registered   bool
	}{
		"its own zone":           {"red.example.com.", "red.example.com", true},
		"a zone above":           {"example.com.", "red.example.com", true},
		"the registry's":         {"com.", "red.unknown.com", false},
		"of two labels":          {"co.uk.", "red.co.uk", false},
		"above those":            {"uk.", "red.co.uk", false},
		"dynamic names":          {"dyndns.org.", "red.dyndns.org", true},
		"a zone of a provider's": {"red.dyndns.org.", "red.dyndns.org", true},
	} {
		t.Run(name, func(t *testing.T) {
			if err := (zone{apex: test.apex}).registered(test.domain); (err == nil) != test.registered {
				t.Errorf("%v", err)
			}
		})
	}
}

// One of two servers is enough to look further, and the other is told.
func TestDNSOneOfTwo(t *testing.T) {
	w := world(&nameserver{records: redRecords()})
	w["127.0.0.81"].records = append(w["127.0.0.81"].records, "red.example.com. NS away.example.com.", "away.example.com. A 127.0.0.89")
	all, err := w.names(t).Domains(t.Context(), []string{"red.example.com"})
	if err != nil || fmt.Sprint(all[0].Err()) != "delegation: away.example.com, in charge of red.example.com, does not answer" || len(all[0].Findings) != 9 {
		t.Errorf("got %v, %v", all, err)
	}
}

// What two servers in charge say differently is told, whichever of them is asked first; clients and
// Let's Encrypt come to either.
func TestDNSServersDiffer(t *testing.T) {
	const webapp, two = "webapp.red.example.com", "zz.example.com"
	for name, test := range map[string]struct {
		first, second *nameserver
		check         string
		says          string
	}{
		"alike":           {&nameserver{records: redRecords()}, &nameserver{records: redRecords()}, "", ""},
		"wrong alike":     {&nameserver{records: without(redRecords(), webapp)}, &nameserver{records: without(redRecords(), webapp)}, webapp, "there is no such name (NXDOMAIN); it has to lead to 203.0.113.10"},
		"the second":      {&nameserver{records: redRecords()}, &nameserver{records: without(redRecords(), webapp)}, webapp, "the name servers differ; ns.red.example.com: as it has to be; " + two + ": there is no such name (NXDOMAIN); it has to lead to 203.0.113.10"},
		"the first":       {&nameserver{records: append(redRecords(), webapp+". AAAA 2001:db8::1")}, &nameserver{records: redRecords()}, webapp, "the name servers differ; ns.red.example.com: it has an AAAA record, 2001:db8::1: nothing answers over IPv6, which Let's Encrypt and browsers prefer; " + two + ": as it has to be"},
		"both, otherwise": {&nameserver{records: without(redRecords(), webapp)}, &nameserver{records: append(without(redRecords(), webapp), webapp+". A 203.0.113.99")}, webapp, "the name servers differ; ns.red.example.com: there is no such name (NXDOMAIN); it has to lead to 203.0.113.10; " + two + ": it leads to 203.0.113.99, not to 203.0.113.10"},
		"CAA":             {&nameserver{records: redRecords()}, &nameserver{records: append(redRecords(), `red.example.com. CAA 0 issue "other.example"`)}, "CAA", "the name servers differ; ns.red.example.com: as it has to be; " + two + ": the CAA records of red.example.com let other.example issue certificates, not letsencrypt.org"},
		"a wildcard":      {&nameserver{records: redRecords()}, &nameserver{records: append(redRecords(), "*.red.example.com. A 203.0.113.10")}, "wildcard", "any name below red.example.com leads to 203.0.113.10: there is a wildcard"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, s := range []*nameserver{test.first, test.second} {
				s.records = append(s.records, "red.example.com. NS "+two+".")
			}
			w := world(test.first)
			w["127.0.0.84"] = test.second
			w["127.0.0.81"].records = append(w["127.0.0.81"].records, "red.example.com. NS "+two+".", two+". A 127.0.0.84")
			all, err := w.names(t).Domains(t.Context(), []string{"red.example.com"})
			if err != nil {
				t.Fatal(err)
			}
			told := ""
			for _, f := range all[0].Findings {
				said := f.Problem + strings.Join(f.Notes, "")
				if said != "" && f.Check != test.check {
					t.Errorf("%s: %s", f.Check, said)
				}
				told += said
			}
			if told != test.says {
				t.Errorf("got  %s\nwant %s", told, test.says)
			}
		})
	}
}

// A host without DNS learns it soon, however many domains there are.
func TestDNSSilent(t *testing.T) {
	n := world(&nameserver{}).names(t)
	n.Resolvers = []string{"127.0.0.88:9", "127.0.0.89:9"}
	domains := make([]string, 100)
	began := time.Now()
	_, err := n.Domains(t.Context(), domains)
	if failures := change.Failures(err); len(failures) != 1 || failures[0].ID != DNSSilent.ID || !strings.Contains(err.Error(), "127.0.0.89:9 does not answer") {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestDNSEndsWithTheirContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := world(&nameserver{records: redRecords()}).names(t).Domains(ctx, []string{"red.example.com"}); err == nil {
		t.Error("no error")
	}
}

// A hundred domains are checked within seconds, with less than thirty questions each.
func TestDNSOfMany(t *testing.T) {
	w := world(&nameserver{records: redRecords()})
	domains := make([]string, 100)
	for i := range domains {
		domains[i] = "red.example.com"
	}
	began := time.Now()
	n := w.names(t)
	dead, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer dead.Close()
	n.Resolvers = append([]string{dead.LocalAddr().String()}, n.Resolvers...)
	all, err := n.Domains(t.Context(), domains)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range all {
		if err := v.Err(); err != nil {
			t.Fatal(err)
		}
	}
	questions := int32(0)
	for _, s := range w {
		questions += s.asked.Load()
	}
	t.Logf("%d questions in %s", questions, time.Since(began))
	if took := time.Since(began); took > 30*time.Second || questions > 3000 {
		t.Errorf("%d questions in %s", questions, took)
	}
}

// Who brings a certificate needs no leave of a CAA record.
func TestDNSOwnCertificate(t *testing.T) {
	n := world(&nameserver{records: append(redRecords(), `red.example.com. CAA 0 issue "other.example"`)}).names(t)
	n.Set.Extra[0].Certificate = Certificate{Cert: "a", Key: "b"}
	all, err := n.Domains(t.Context(), []string{"red.example.com"})
	if err != nil || all[0].Err() != nil {
		t.Errorf("got %v, %v", all, err)
	}
}

func TestZone(t *testing.T) {
	set := greenAndRed
	records := append(set.Records("green.example.org", netip.MustParseAddr("203.0.113.10")), set.Records("red.example.com", netip.MustParseAddr("203.0.113.20"))...)
	if len(records) != 13 || records[6].Name != "sftd.green.example.org" {
		t.Fatalf("records: %v", records)
	}
	parser := dns.NewZoneParser(strings.NewReader(Zone(records)), "", "")
	for _, want := range records {
		rr, ok := parser.Next()
		if a, is := rr.(*dns.A); !ok || !is || a.Hdr.Name != want.Name+"." || a.A.String() != want.Address.String() || a.Hdr.Ttl != recordTTL {
			t.Errorf("got %v, want %v", rr, want)
		}
	}
	if err := parser.Err(); err != nil {
		t.Error(err)
	}
}
