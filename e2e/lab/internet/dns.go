package main

import (
	"net"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

const ttl = 5 // seconds: a scenario that changes names need not wait

// servers are the names of the web server and of the certificate authority, which both
// are at the same address.
var servers = []string{"artifacts.example.net.", "acme-v02.api.letsencrypt.org.", "acme-staging-v02.api.letsencrypt.org."}

// The lab's two addresses, both of a documentation range (RFC 5737).
var (
	webServer = net.IPv4(203, 0, 113, 1)
	kvmHost   = net.IPv4(203, 0, 113, 10)
)

// nameServers answer for the example domains on UDP and TCP.
func nameServers(address string, z zone) []*dns.Server {
	answer := dns.HandlerFunc(func(w dns.ResponseWriter, query *dns.Msg) {
		// The client went away: nobody is left to tell.
		_ = w.WriteMsg(z.reply(query))
	})
	return []*dns.Server{
		{Addr: address, Net: "udp", Handler: answer},
		{Addr: address, Net: "tcp", Handler: answer},
	}
}

// reply knows, where the zone says nothing, an IPv4 address for every name below the example
// domains (RFC 2606) and for Let's Encrypt's, and denies all others.
func (z zone) reply(query *dns.Msg) *dns.Msg {
	r := new(dns.Msg).SetReply(query)
	r.Authoritative = true
	if len(query.Question) != 1 {
		return r.SetRcode(query, dns.RcodeFormatError)
	}
	q := query.Question[0]
	records, err := z.records(q.Name)
	if err != nil {
		return r.SetRcode(query, dns.RcodeServerFailure)
	}
	if len(records) > 0 {
		for _, record := range records {
			if q.Qtype == record.Header().Rrtype || q.Qtype == dns.TypeANY {
				r.Answer = append(r.Answer, record)
			}
		}
		return r
	}
	address := lookup(q.Name)
	if address == nil {
		return r.SetRcode(query, dns.RcodeNameError)
	}
	if q.Qtype == dns.TypeA || q.Qtype == dns.TypeANY {
		header := dns.RR_Header{Name: q.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: ttl}
		r.Answer = append(r.Answer, &dns.A{Hdr: header, A: address})
	}
	return r
}

// lookup is what the lab says: nil where there is no such name.
func lookup(name string) net.IP {
	name = strings.ToLower(dns.Fqdn(name))
	if slices.Contains(servers, name) {
		return webServer
	}
	for _, zone := range []string{"example.org.", "example.com.", "example.net."} {
		if dns.IsSubDomain(zone, name) {
			return kvmHost
		}
	}
	return nil
}
