package ingress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sync/errgroup"
)

const (
	// queryTimeout is how long a name server may take for one answer; it is asked twice.
	queryTimeout = 1500 * time.Millisecond
	// longestChain is how many CNAMEs or delegations are followed after each other.
	longestChain = 8
	// payload is what fits into a UDP packet on all ways (RFC 9715).
	payload = 1232
)

// The ways in which a name server may fail to answer.
var (
	errSilent  = errors.New("does not answer")
	errFailing = errors.New("fails to answer (SERVFAIL)")
	errRefused = errors.New("refuses to answer (REFUSED)")
	errLame    = errors.New("answers without being in charge of the zone")
)

// nameServer is one to be asked.
type nameServer struct {
	name    string // of a delegation, or the address itself
	address string // host:port
}

// resolver asks name servers: recursive ones, and by what they say those that are in charge of a zone.
type resolver struct {
	recursive []string // host:port
	port      string   // of the servers in charge
}

// ask puts one question to one server. The answer's code is NOERROR or NXDOMAIN.
func (r resolver) ask(ctx context.Context, server, name string, kind uint16, recursion bool) (*dns.Msg, error) {
	query := new(dns.Msg).SetQuestion(dns.Fqdn(name), kind).SetEdns0(payload, false)
	query.RecursionDesired = recursion
	var answer *dns.Msg
	var err error
	for range 2 { // a packet may be lost
		client := dns.Client{Timeout: queryTimeout}
		if answer, _, err = client.ExchangeContext(ctx, query, server); err == nil && answer.Truncated {
			client.Net = "tcp"
			answer, _, err = client.ExchangeContext(ctx, query, server)
		}
		if err == nil || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(errSilent, context.Cause(ctx))
	}
	switch answer.Rcode {
	case dns.RcodeSuccess, dns.RcodeNameError:
		return answer, nil
	case dns.RcodeServerFailure:
		return nil, errFailing
	case dns.RcodeRefused:
		return nil, errRefused
	default:
		return nil, fmt.Errorf("answers %s", dns.RcodeToString[answer.Rcode])
	}
}

// resolve asks the recursive servers, until one answers.
func (r resolver) resolve(ctx context.Context, name string, kind uint16) (*dns.Msg, error) {
	var errs []error
	for _, server := range r.recursive {
		answer, err := r.ask(ctx, server, name, kind, true)
		if err == nil {
			return answer, nil
		}
		errs = append(errs, fmt.Errorf("%s %w", server, err))
	}
	return nil, errors.Join(errs...)
}

// alive leaves only those recursive servers that answer anything, for each silence costs seconds. It fails if there
// are none.
func (r *resolver) alive(ctx context.Context) error {
	errs := make([]error, len(r.recursive))
	var asking errgroup.Group
	for i, server := range r.recursive {
		asking.Go(func() error {
			if _, err := r.ask(ctx, server, ".", dns.TypeNS, true); errors.Is(err, errSilent) {
				errs[i] = fmt.Errorf("%s %w", server, err)
			}
			return nil
		})
	}
	_ = asking.Wait() // what went wrong is in errs
	var answering []string
	for i, server := range r.recursive {
		if errs[i] == nil {
			answering = append(answering, server)
		}
	}
	r.recursive = answering
	if len(answering) == 0 {
		return errors.Join(append(errs, context.Cause(ctx))...)
	}
	return nil
}

// zone is a part of the names that some servers are in charge of.
type zone struct {
	apex    string // with the dot at its end
	servers []nameServer
}

// zone finds the zone that a name is in: the nearest above it that recursive servers know, and from there down
// by what the servers in charge say, for of a broken delegation only they tell.
func (r resolver) zone(ctx context.Context, name string) (zone, error) {
	var errs []error
	for at := dns.Fqdn(name); at != "."; at = parent(at) {
		answer, err := r.resolve(ctx, at, dns.TypeNS)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", strings.TrimSuffix(at, "."), err))
			continue
		}
		if names := delegates(answer.Answer, at); len(names) > 0 {
			return r.descend(ctx, zone{apex: at, servers: r.locate(ctx, names, answer.Extra)}, name)
		}
	}
	return zone{}, errors.Join(append(errs, fmt.Errorf("no zone above %s is known", name))...)
}

// descend follows delegations below a zone.
func (r resolver) descend(ctx context.Context, z zone, name string) (zone, error) {
	for range longestChain {
		var answer *dns.Msg
		for _, server := range z.servers {
			var err error
			if answer, err = r.ask(ctx, server.address, name, dns.TypeNS, false); err == nil {
				break
			}
		}
		if answer == nil {
			return z, nil // that nobody answers is told with the names
		}
		apex := ""
		for _, rr := range answer.Ns {
			if ns, ok := rr.(*dns.NS); ok && dns.IsSubDomain(z.apex, ns.Hdr.Name) && len(ns.Hdr.Name) > len(z.apex) {
				apex = strings.ToLower(ns.Hdr.Name)
			}
		}
		if apex == "" {
			return z, nil
		}
		z = zone{apex: apex, servers: r.locate(ctx, delegates(answer.Ns, apex), answer.Extra)}
	}
	return z, fmt.Errorf("more than %d delegations below each other", longestChain)
}

// delegates are the names of the servers in charge of a zone.
func delegates(records []dns.RR, apex string) []string {
	var names []string
	for _, rr := range records {
		if ns, ok := rr.(*dns.NS); ok && strings.EqualFold(ns.Hdr.Name, apex) {
			names = append(names, strings.ToLower(ns.Ns))
		}
	}
	slices.Sort(names)
	return names
}

// locate finds the servers' IPv4 addresses, in what came along or by asking. One that has none
// gets an address that nobody answers at, by its own name.
func (r resolver) locate(ctx context.Context, names []string, along []dns.RR) []nameServer {
	var servers []nameServer
	for _, name := range names {
		addresses := addressesOf(along, name)
		if len(addresses) == 0 {
			if answer, err := r.resolve(ctx, name, dns.TypeA); err == nil {
				addresses = addressesOf(answer.Answer, "")
			}
		}
		server := nameServer{name: strings.TrimSuffix(name, ".")}
		if len(addresses) > 0 {
			server.address = net.JoinHostPort(addresses[0], r.port)
		}
		servers = append(servers, server)
	}
	return servers
}

// addressesOf are the IPv4 addresses among records, of one name or of all.
func addressesOf(records []dns.RR, name string) []string {
	var addresses []string
	for _, rr := range records {
		if a, ok := rr.(*dns.A); ok && (name == "" || strings.EqualFold(a.Hdr.Name, name)) {
			addresses = append(addresses, a.A.String())
		}
	}
	return addresses
}

// look asks a server in charge for records of a name, and follows where a CNAME leads elsewhere. The name
// exists if there is one; it may still have no such record.
func (r resolver) look(ctx context.Context, server nameServer, name string, kind uint16) (records []dns.RR, exists bool, err error) {
	if server.address == "" {
		return nil, false, errors.New("has no address")
	}
	answer, err := r.ask(ctx, server.address, name, kind, false)
	if err != nil {
		return nil, false, err
	}
	if !answer.Authoritative {
		return nil, false, errLame
	}
	records = ofKind(answer.Answer, kind)
	if target := chainEnd(answer.Answer, dns.Fqdn(name)); len(records) == 0 && target != dns.Fqdn(name) {
		if answer, err = r.resolve(ctx, target, kind); err != nil {
			return nil, true, fmt.Errorf("leads to %s: %w", strings.TrimSuffix(target, "."), err)
		}
		records = ofKind(answer.Answer, kind)
	}
	return records, answer.Rcode == dns.RcodeSuccess, nil
}

// ofKind are the records of one type.
func ofKind(all []dns.RR, kind uint16) []dns.RR {
	return slices.DeleteFunc(slices.Clone(all), func(rr dns.RR) bool { return rr.Header().Rrtype != kind })
}

// chainEnd is where the CNAMEs among records lead from a name.
func chainEnd(records []dns.RR, name string) string {
	for range longestChain {
		at := slices.IndexFunc(records, func(rr dns.RR) bool {
			_, ok := rr.(*dns.CNAME)
			return ok && strings.EqualFold(rr.Header().Name, name)
		})
		if at < 0 {
			break
		}
		name = records[at].(*dns.CNAME).Target
	}
	return name
}

// parent is a full name without its first label.
func parent(name string) string {
	_, rest, _ := strings.Cut(name, ".")
	if rest == "" {
		return "."
	}
	return rest
}
