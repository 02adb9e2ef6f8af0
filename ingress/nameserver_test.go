package ingress

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/miekg/dns"
)

// nameserver is a real one on loopback, at an address of its own and one port for all.
type nameserver struct {
	records  []string // as in a zone file, "*." first for wildcards
	fails    int      // the code of all answers; 0 for right ones
	lame     bool     // never in charge
	tcp      bool     // in full over TCP alone
	loses    string   // the first packet of questions for the address of this name
	asked    atomic.Int32
	heard    sync.Map // questions, where it loses the first
	recurses bool     // also resolves for others
	world    dnsWorld // that it is a part of
}

// dnsWorld are name servers by their addresses on loopback; those that are recursive find the others there.
type dnsWorld map[string]*nameserver

// start has all of them answer, each over UDP and TCP, and returns their port.
func (w dnsWorld) start(t testing.TB) (port string) {
	t.Helper()
	var servers []*dns.Server
	err := errors.New("no try")
	for tries := 20; err != nil; tries-- { // somebody may have the port at one of the addresses
		if tries == 0 {
			t.Fatal(err)
		}
		servers, port, err = w.bind()
	}
	for _, s := range w {
		s.world = w
	}
	var started sync.WaitGroup
	for _, server := range servers {
		started.Add(1)
		server.NotifyStartedFunc = started.Done
		go server.ActivateAndServe()
		t.Cleanup(func() { server.Shutdown() })
	}
	started.Wait()
	return port
}

// bind takes one port at all addresses, or none.
func (w dnsWorld) bind() (servers []*dns.Server, port string, err error) {
	var bound []io.Closer
	defer func() {
		for n := 0; err != nil && n < len(bound); n++ {
			bound[n].Close()
		}
	}()
	port = "0"
	for address, s := range w {
		packets, err := net.ListenPacket("udp", net.JoinHostPort(address, port))
		if err != nil {
			return nil, "", err
		}
		bound = append(bound, packets)
		_, port, _ = net.SplitHostPort(packets.LocalAddr().String())
		stream, err := net.Listen("tcp", net.JoinHostPort(address, port))
		if err != nil {
			return nil, "", err
		}
		bound = append(bound, stream)
		servers = append(servers, &dns.Server{PacketConn: packets, Handler: s}, &dns.Server{Listener: stream, Handler: s})
	}
	return servers, port, nil
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
	if s.recurses {
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
		server := s.world[at]
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
