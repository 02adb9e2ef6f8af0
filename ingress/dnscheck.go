package ingress

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/net/publicsuffix"
	"golang.org/x/sync/errgroup"
)

const (
	// dnsTimeout is how long all questions about one domain may take.
	dnsTimeout = 15 * time.Second
	// dnsTogether is how many domains are asked for at once.
	dnsTogether = 32
)

// issuer is who signs certificates, as CAA records call it.
const issuer = "letsencrypt.org"

// Names checks what DNS says of domains, at the servers that are in charge of their zones: what others
// keep for a while may be old.
type Names struct {
	Set       Set
	Address   func(domain string) netip.Addr // where its names have to lead
	Resolvers []string                       // recursive name servers, host:port
	port      string                         // of the servers in charge; 53 if empty
}

// Domains checks domains, in their order. It fails with DNSSilent if no name server answers at all.
func (n Names) Domains(ctx context.Context, domains []string) ([]Verification, error) {
	r := resolver{recursive: n.Resolvers, port: n.port}
	if r.port == "" {
		r.port = "53"
	}
	if err := r.alive(ctx); err != nil {
		return nil, DNSSilent.Failf("no name server answers: %w", err)
	}
	all := make([]Verification, len(domains))
	var asking errgroup.Group
	asking.SetLimit(dnsTogether)
	for i, domain := range domains {
		asking.Go(func() error {
			each, cancel := context.WithTimeout(ctx, dnsTimeout)
			defer cancel()
			began := time.Now()
			all[i] = Verification{Domain: domain, Time: began, Findings: n.domain(each, r, domain)}
			all[i].Took = time.Since(began)
			return nil
		})
	}
	return all, errors.Join(asking.Wait(), context.Cause(ctx))
}

// domain checks one domain.
func (n Names) domain(ctx context.Context, r resolver, domain string) []Finding {
	z, err := r.zone(ctx, domain)
	if err == nil {
		err = z.registered(domain)
	}
	if err != nil {
		return []Finding{finding("delegation", err)}
	}
	servers, err := z.inCharge(ctx, r, domain)
	findings := []Finding{finding("delegation", err)}
	if len(servers) == 0 {
		return findings
	}
	records := n.Set.Records(domain, n.Address(domain))
	each := make([]Finding, len(records), len(records)+2)
	var asking errgroup.Group
	for i, record := range records {
		asking.Go(func() error {
			each[i] = finding(record.Name, everywhere(servers, func(s nameServer) error { return leads(ctx, r, s, record) }))
			return nil
		})
	}
	_ = asking.Wait() // what went wrong is in the findings
	if d, _ := n.Set.declared(domain); !d.Certificate.Own() {
		each = append(each, finding("CAA", everywhere(servers, func(s nameServer) error { return mayIssue(ctx, r, z, s, records) })))
	}
	return append(append(findings, each...), wildcard(ctx, r, servers, domain))
}

// registered fails if a domain is in the zone of a registry: then nobody has delegated it. Below a suffix that is
// somebody's own, such as a provider of dynamic names, there is nothing to delegate.
func (z zone) registered(domain string) error {
	apex := strings.TrimSuffix(z.apex, ".")
	if suffix, registry := publicsuffix.PublicSuffix(domain); registry && below(suffix, apex) && apex != domain {
		return fmt.Errorf("nobody is in charge of %s: the name servers of %s know no delegation", domain, apex)
	}
	return nil
}

// inCharge are the servers that answer for the zone, and what is wrong with the others.
func (z zone) inCharge(ctx context.Context, r resolver, domain string) ([]nameServer, error) {
	errs := make([]error, len(z.servers))
	var asking errgroup.Group
	for i, server := range z.servers {
		asking.Go(func() error {
			if _, _, err := r.look(ctx, server, domain, dns.TypeSOA); err != nil {
				errs[i] = fmt.Errorf("%s, in charge of %s, %w", server.name, strings.TrimSuffix(z.apex, "."), err)
			}
			return nil
		})
	}
	_ = asking.Wait() // what went wrong is in errs
	var answering []nameServer
	for i, server := range z.servers {
		if errs[i] == nil {
			answering = append(answering, server)
		}
	}
	return answering, errors.Join(errs...)
}

// everywhere demands the same of all servers in charge, for clients come to any of them. What all
// of them lack is told once; where they differ, which of them says what.
func everywhere(servers []nameServer, demand func(nameServer) error) error {
	errs := make([]error, len(servers))
	var asking errgroup.Group
	for i, server := range servers {
		asking.Go(func() error {
			errs[i] = demand(server)
			return nil
		})
	}
	_ = asking.Wait() // what went wrong is in errs
	if !slices.ContainsFunc(errs, func(err error) bool { return fmt.Sprint(err) != fmt.Sprint(errs[0]) }) {
		return errs[0]
	}
	differing := []error{errors.New("the name servers differ")}
	for i, server := range servers {
		if errs[i] == nil {
			errs[i] = errors.New("as it has to be")
		}
		differing = append(differing, fmt.Errorf("%s: %w", server.name, errs[i]))
	}
	return errors.Join(differing...)
}

// leads demands that a name leads to its address and nowhere else.
func leads(ctx context.Context, r resolver, server nameServer, record Record) error {
	found, exists, err := r.look(ctx, server, record.Name, dns.TypeA)
	switch {
	case err != nil:
		return fmt.Errorf("the name server %w", err)
	case !exists:
		return fmt.Errorf("there is no such name (NXDOMAIN); it has to lead to %s", record.Address)
	case len(found) == 0:
		return fmt.Errorf("it has no A record; it has to lead to %s", record.Address)
	}
	addresses := addressesOf(found, "")
	if slices.ContainsFunc(addresses, func(a string) bool { return a != record.Address.String() }) {
		return fmt.Errorf("it leads to %s, not to %s", strings.Join(addresses, ", "), record.Address)
	}
	if six, _, err := r.look(ctx, server, record.Name, dns.TypeAAAA); err != nil {
		return fmt.Errorf("the name server %w", err)
	} else if len(six) > 0 {
		return fmt.Errorf("it has an AAAA record, %s: nothing answers over IPv6, which Let's Encrypt and browsers prefer", six[0].(*dns.AAAA).AAAA)
	}
	return nil
}

// mayIssue demands that CAA records let the issuer sign: those of a name, or else of the nearest name above that has
// any (RFC 8659).
func mayIssue(ctx context.Context, r resolver, z zone, server nameServer, records []Record) error {
	asked := map[string]bool{}
	for _, record := range records {
		for at := dns.Fqdn(record.Name); at != "."; at = parent(at) {
			if asked[at] {
				break
			}
			asked[at] = true
			found, err := caa(ctx, r, z, server, at)
			if err != nil {
				return err
			}
			if len(found) == 0 {
				continue
			}
			if forbidden := forbids(found); forbidden != "" {
				return fmt.Errorf("the CAA records of %s let %s issue certificates, not %s", strings.TrimSuffix(at, "."), forbidden, issuer)
			}
			break
		}
	}
	return nil
}

// caa asks for CAA records: the server in charge within its zone, others above it.
func caa(ctx context.Context, r resolver, z zone, server nameServer, at string) ([]dns.RR, error) {
	if dns.IsSubDomain(z.apex, at) {
		found, _, err := r.look(ctx, server, at, dns.TypeCAA)
		if err != nil {
			return nil, fmt.Errorf("the name server %w", err)
		}
		return found, nil
	}
	answer, err := r.resolve(ctx, at, dns.TypeCAA)
	if err != nil {
		return nil, err
	}
	return ofKind(answer.Answer, dns.TypeCAA), nil
}

// forbids is who may issue where the issuer may not; empty if it may. Without an issue record everybody may.
func forbids(records []dns.RR) string {
	var others []string
	for _, rr := range records {
		record := rr.(*dns.CAA)
		if !strings.EqualFold(record.Tag, "issue") { // RFC 8659, 4.1
			continue
		}
		name, _, _ := strings.Cut(record.Value, ";")
		if name = strings.TrimSpace(name); name == issuer {
			return ""
		}
		others = append(others, name)
	}
	if len(others) == 1 && others[0] == "" {
		return "nobody"
	}
	return strings.Join(others, ", ")
}

// wildcard notes that names lead somewhere that nobody made, by the word of any server.
func wildcard(ctx context.Context, r resolver, servers []nameServer, domain string) Finding {
	f := Finding{Check: "wildcard"}
	name := strings.ToLower(rand.Text()) + "." + domain
	for _, server := range servers {
		if found, _, err := r.look(ctx, server, name, dns.TypeA); err == nil && len(found) > 0 {
			f.Notes = []string{fmt.Sprintf("any name below %s leads to %s: there is a wildcard", domain, strings.Join(addressesOf(found, ""), ", "))}
			break
		}
	}
	return f
}
