package main

import (
	"net"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"wiabctl/e2e/lab/names"
)

const ttl = 5 // seconds: a scenario that changes names need not wait

// ours is the name of this server itself, which is in charge of the example domains.
const ours = "ns.nic.example.net."

// servers are the names of the web server, of the certificate authority and of this server, which all
// are at the same address.
var servers = []string{"artifacts.example.net.", "acme-v02.api.letsencrypt.org.", "acme-staging-v02.api.letsencrypt.org.", ours}

// zones are the example domains (RFC 2606).
var zones = []string{"example.org.", "example.com.", "example.net."}

// The lab's two addresses, both of a documentation range (RFC 5737).
var (
	webServer = net.IPv4(203, 0, 113, 1)
	kvmHost   = net.IPv4(203, 0, 113, 10)
)

// nameServer is in charge of the example domains, and resolves for whoever asks.
type nameServer struct {
	differences string // the file of what differs from its own zone
}

// nameServers answer on UDP and TCP.
func nameServers(address string, handler dns.Handler) []*dns.Server {
	return []*dns.Server{{Addr: address, Net: "udp", Handler: handler}, {Addr: address, Net: "tcp", Handler: handler}}
}

// ServeDNS answers a question.
func (s nameServer) ServeDNS(w dns.ResponseWriter, query *dns.Msg) {
	different, err := names.Read(s.differences)
	r := new(dns.Msg).SetRcode(query, dns.RcodeServerFailure)
	if err == nil {
		r = reply(query, different)
	}
	_ = w.WriteMsg(r) // The client went away: nobody is left to tell.
}

// lame is a name server that is in charge of nothing.
func lame(w dns.ResponseWriter, query *dns.Msg) {
	_ = w.WriteMsg(new(dns.Msg).SetRcode(query, dns.RcodeRefused)) // as above
}

// reply knows an IPv4 address for every name below the example domains and for Let's Encrypt's, and
// denies all others, unless something else is said.
func reply(query *dns.Msg, different names.Differences) *dns.Msg {
	r := new(dns.Msg).SetReply(query)
	r.Authoritative, r.RecursionAvailable = true, true
	if len(query.Question) != 1 {
		return r.SetRcode(query, dns.RcodeFormatError)
	}
	q := query.Question[0]
	delegated, records := different.Delegation(q.Name), different.Of(q.Name)
	switch {
	case different.Fails(q.Name):
		return r.SetRcode(query, dns.RcodeServerFailure)
	case slices.Contains(different.Gone, strings.ToLower(q.Name)):
		return r.SetRcode(query, dns.RcodeNameError)
	case len(delegated) > 0 && query.RecursionDesired:
		return forward(query, delegated, different)
	case len(delegated) > 0:
		return refer(r, delegated, different)
	case len(records) > 0:
		return choose(r, q, records)
	}
	address := lookup(q.Name)
	if address == nil {
		return r.SetRcode(query, dns.RcodeNameError)
	}
	header := dns.RR_Header{Name: q.Name, Class: dns.ClassINET, Ttl: ttl}
	switch {
	case q.Qtype == dns.TypeA || q.Qtype == dns.TypeANY:
		header.Rrtype = dns.TypeA
		r.Answer = append(r.Answer, &dns.A{Hdr: header, A: address})
	case q.Qtype == dns.TypeNS && slices.Contains(zones, strings.ToLower(q.Name)):
		header.Rrtype = dns.TypeNS
		r.Answer = append(r.Answer, &dns.NS{Hdr: header, Ns: ours})
	}
	return r
}

// choose takes the records of the type that is asked for, or the one name that stands for all.
func choose(r *dns.Msg, q dns.Question, records []dns.RR) *dns.Msg {
	for _, rr := range records {
		alias, is := rr.(*dns.CNAME)
		if rr.Header().Rrtype == q.Qtype || is {
			r.Answer = append(r.Answer, rr)
		}
		if is && q.Qtype == dns.TypeA && lookup(alias.Target) != nil {
			header := dns.RR_Header{Name: alias.Target, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: ttl}
			r.Answer = append(r.Answer, &dns.A{Hdr: header, A: lookup(alias.Target)})
		}
	}
	return r
}

// refer names the servers that are in charge, with their addresses.
func refer(r *dns.Msg, delegated []dns.RR, different names.Differences) *dns.Msg {
	r.Authoritative, r.Ns = false, delegated
	for _, rr := range delegated {
		r.Extra = append(r.Extra, different.Of(rr.(*dns.NS).Ns)...)
	}
	return r
}

// forward asks the server that is in charge, as a resolver does, and fails if it does not answer as such.
func forward(query *dns.Msg, delegated []dns.RR, different names.Differences) *dns.Msg {
	ask := query.Copy()
	ask.RecursionDesired = false
	client := dns.Client{Timeout: time.Second}
	for _, rr := range refer(new(dns.Msg), delegated, different).Extra {
		glue, ok := rr.(*dns.A)
		if !ok {
			continue
		}
		if answer, _, err := client.Exchange(ask, net.JoinHostPort(glue.A.String(), "53")); err == nil && answer.Authoritative {
			return answer
		}
	}
	return new(dns.Msg).SetRcode(query, dns.RcodeServerFailure)
}

// lookup is the zone: nil where there is no such name.
func lookup(name string) net.IP {
	name = strings.ToLower(dns.Fqdn(name))
	if slices.Contains(servers, name) {
		return webServer
	}
	for _, zone := range zones {
		if dns.IsSubDomain(zone, name) {
			return kvmHost
		}
	}
	return nil
}
