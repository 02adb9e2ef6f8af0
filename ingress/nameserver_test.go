package ingress

import (
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/miekg/dns"
)

// nameserver is a real one on loopback, at an address of its own and one port for all.
type nameserver struct {
	records []string // as in a zone file, "*." first for wildcards
	fails   int      // the code of all answers; 0 for right ones
	lame    bool     // never in charge
	tcp     bool     // in full over TCP alone
	loses   string   // the first packet of questions for the address of this name
	asked   atomic.Int32
	heard   sync.Map  // questions, where it loses the first
	resolve *dnsWorld // also resolves for others
}

// dnsWorld is a set of name servers, one of them recursive, that know of each other by address.
type dnsWorld struct {
	port    string
	servers map[string]*nameserver // by address
}

// newDNSWorld starts the servers; each on UDP and TCP.
func newDNSWorld(t testing.TB, servers map[string]*nameserver) *dnsWorld {
	t.Helper()
	w := &dnsWorld{port: "0", servers: map[string]*nameserver{}}
	for address, s := range servers {
		w.add(t, address, s)
	}
	return w
}

// add starts one server more.
func (w *dnsWorld) add(t testing.TB, address string, s *nameserver) {
	t.Helper()
	packets, err := net.ListenPacket("udp", net.JoinHostPort(address, w.port))
	if err != nil {
		t.Fatal(err)
	}
	_, w.port, _ = net.SplitHostPort(packets.LocalAddr().String())
	stream, err := net.Listen("tcp", net.JoinHostPort(address, w.port))
	if err != nil {
		t.Fatal(err)
	}
	for _, server := range []*dns.Server{{PacketConn: packets, Handler: s}, {Listener: stream, Handler: s}} {
		go server.ActivateAndServe()
		t.Cleanup(func() { server.Shutdown() })
	}
	w.servers[address] = s
}

// ServeDNS answers from the records; a name below a delegation gets a referral, or, where it was asked to
// resolve, what the server in charge there says.
func (s *nameserver) ServeDNS(w dns.ResponseWriter, query *dns.Msg) {
	s.asked.Add(1)
	asked := query.Question[0]
	if _, again := s.heard.LoadOrStore(asked, true); !again && s.loses == asked.Name && asked.Qtype == dns.TypeA {
		return
	}
	r := s.reply(query)
	if _, udp := w.RemoteAddr().(*net.UDPAddr); udp && s.tcp {
		r.Truncated, r.Answer = true, nil
	}
	w.WriteMsg(r)
}

func (s *nameserver) reply(query *dns.Msg) *dns.Msg {
	r := new(dns.Msg).SetReply(query)
	if s.fails != 0 {
		return r.SetRcode(query, s.fails)
	}
	q := query.Question[0]
	name := strings.ToLower(q.Name)
	if s.resolve != nil {
		return s.recurse(query, name)
	}
	r.Authoritative = !s.lame
	exists := false
	for _, text := range s.records {
		rr, err := dns.NewRR(text)
		if err != nil {
			panic(err)
		}
		owner := rr.Header().Name
		if rr.Header().Rrtype == dns.TypeNS && dns.IsSubDomain(owner, name) && !s.apex(owner) {
			r.Authoritative, exists = false, true
			r.Ns = append(r.Ns, rr)
			continue
		}
		exists = exists || dns.IsSubDomain(name, owner)
		if owner == name || strings.HasPrefix(owner, "*.") && dns.IsSubDomain(owner[2:], name) && owner[2:] != name {
			exists = true
			if kind := rr.Header().Rrtype; kind == q.Qtype || kind == dns.TypeCNAME {
				rr.Header().Name = q.Name
				r.Answer = append(r.Answer, rr)
			}
		}
	}
	for _, rr := range r.Ns { // glue
		for _, text := range s.records {
			if glue, _ := dns.NewRR(text); glue.Header().Name == rr.(*dns.NS).Ns {
				r.Extra = append(r.Extra, glue)
			}
		}
	}
	if len(r.Ns) > 0 {
		r.Answer = nil
	}
	if !exists {
		r.Rcode = dns.RcodeNameError
	}
	return r
}

// apex tells whether the server is in charge of the zone.
func (s *nameserver) apex(name string) bool {
	for _, text := range s.records {
		if strings.HasPrefix(text, name+" SOA ") {
			return true
		}
	}
	return false
}

// recurse follows referrals from the root, as a recursive server does.
func (s *nameserver) recurse(query *dns.Msg, name string) *dns.Msg {
	at := "127.0.0.81" // the root
	for range 8 {
		server := s.resolve.servers[at]
		if server == nil || server.fails != 0 {
			break
		}
		ask := query.Copy()
		ask.RecursionDesired = false
		answer := server.reply(ask)
		if len(answer.Answer) > 0 || len(answer.Ns) == 0 {
			if !answer.Authoritative {
				break
			}
			answer.RecursionAvailable, answer.Authoritative = true, false
			return answer
		}
		at = ""
		for _, glue := range answer.Extra {
			if a, ok := glue.(*dns.A); ok {
				at = a.A.String()
			}
		}
	}
	return new(dns.Msg).SetRcode(query, dns.RcodeServerFailure)
}
