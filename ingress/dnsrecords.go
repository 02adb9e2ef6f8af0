package ingress

import (
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/miekg/dns"
)

// Record is one that has to be in DNS: all are of type A, for what the host lets in is IPv4.
type Record struct {
	Name    string     `json:"name"` // without the dot at its end
	Address netip.Addr `json:"address"`
}

// recordTTL is short, so that a mistake is soon forgotten; in seconds.
const recordTTL = 300

// Records are those of one domain: of each host that it serves, and of the conference server where
// that is the domain's.
func (s Set) Records(domain string, address netip.Addr) []Record {
	site := s.site(domain)
	hosts := site.hosts
	if site.ours && domain == s.Default {
		hosts = append(hosts, site.sft)
	}
	records := make([]Record, len(hosts))
	for i, host := range hosts {
		records[i] = Record{Name: host, Address: address}
	}
	return records
}

// Zone is a zone file with the records (RFC 1035, section 5), in full names: for the zone of any of their
// domains or of one above.
func Zone(records []Record) string {
	var text strings.Builder
	for _, r := range records {
		header := dns.RR_Header{Name: dns.Fqdn(r.Name), Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: recordTTL}
		fmt.Fprintln(&text, &dns.A{Hdr: header, A: net.IP(r.Address.AsSlice())})
	}
	return text.String()
}
